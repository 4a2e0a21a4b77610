"""The hall's own wording of some texts, as far as a hall may word them."""

import msgspec

from protocol.configuration import OWN_TEXTS, Texts


def own(laid_out: str) -> Texts:
    """Return what of the agent's JSON may be shown: language, key of the text, the wording.

    What cannot be read, an empty text and a text that is not the hall's to word are left out:
    the shipped ones are good.
    """
    try:
        texts = msgspec.json.decode(laid_out, type=Texts)
    except msgspec.MsgspecError:
        return {}
    return {
        language: {key: text for key, text in worded.items() if key in OWN_TEXTS and text.strip()}
        for language, worded in texts.items()
    }
