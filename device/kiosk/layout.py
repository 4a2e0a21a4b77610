"""Where things stand on the logical canvas of 1280x800: numbers only, no drawing.

Boxes are ``(left, top, width, height)`` in canvas pixels. ``middle`` values are the
optical middle of a line of text. Other canvases are other values of the same names.
"""

Box = tuple[int, int, int, int]
Point = tuple[int, int]


class HeaderPlaces:
    """The strip on top: who serves here on the left, controls on the right."""

    height: int = 128
    line: int = 3
    """Height of the timeout line under the header."""
    sign: Box = (40, 16, 96, 96)
    portrait: Box = (152, 16, 80, 96)
    text_left: int = 252
    hall_left: int = 160
    first: int = 45
    second: int = 90
    single: int = 65
    control_top: int = 16
    control_height: int = 96
    language_width: int = 126
    decline_width: int = 166
    name: int = 38
    badge: Point = (1005, 781)
    """Middle of the mock-hardware badge, between two ticks."""


class IdlePlaces:
    """Window number, staff card, clock, notices, and the key that starts a rating."""

    hall: Point = (40, 47)
    date: Point = (40, 91)
    link: Point = (229, 91)
    card: Box = (40, 128, 792, 632)
    sign_width: int = 264
    number_middle: int = 418
    number: int = 180
    caption_middle: int = 541
    caption: int = 48
    inner: Box = (344, 168, 448, 552)
    portrait: Box = (344, 168, 200, 240)
    name_left: int = 576
    name: int = 72
    name_middle: int = 252
    greet_middle: int = 322
    rows: tuple[int, int, int] = (445, 545, 645)
    row_height: int = 100
    value_left: int = 464
    column: Box = (856, 128, 384, 632)
    clock_middle: int = 181
    clock: int = 76
    open_badge: Box = (1092, 152, 148, 56)
    notice: Box = (856, 240, 384, 284)
    rate: Box = (856, 548, 384, 212)
    rate_alone: Box = (856, 240, 384, 520)
    """Where no notice is shown."""


class RatingPlaces:
    """One question over five equal keys."""

    keys_top: int = 380
    key_height: int = 374
    keys: tuple[tuple[int, int], ...] = ((40, 227), (283, 227), (526, 227), (770, 227), (1013, 227))
    """Left edge and width of the five keys."""
    ticks_top: int = 777
    step: int = 176
    question: int = 246
    hint: int = 321
    matter_step: int = 162
    matter_question: int = 222
    matter_name: int = 294
    matter_case: int = 342
    matter_left: int = 128
    matter_icon: Box = (40, 280, 72, 72)
    qr: Box = (1032, 148, 208, 216)
    face_one_line: int = 144
    """Middle of the face below the key's top, where labels have one line."""
    face_two_lines: int = 130
    label_one_line: int = 283
    label_two_lines: int = 278


class ReasonsPlaces:
    """Chips in two columns, and the keys to the right."""

    title: Point = (40, 187)
    title_size: int = 52
    chips: Box = (40, 236, 908, 524)
    columns: int = 2
    rows: int = 4
    row_gap: int = 12
    side: Box = (980, 236, 260, 524)
    face: Point = (980, 156)
    yours: Point = (1052, 164)
    level: Point = (1052, 200)


class ThanksPlaces:
    """The receipt on the left, the code for a later addition on the right."""

    mark: Box = (40, 180, 112, 112)
    title: Point = (181, 215)
    subtitle: Point = (181, 281)
    divider: Box = (40, 356, 720, 2)
    receipt: Point = (40, 404)
    code: Point = (40, 487)
    code_size: int = 88
    done: Box = (40, 612, 300, 148)
    auto: Point = (368, 686)
    card: Box = (840, 152, 400, 608)
    qr: Box = (856, 176, 368, 368)
    add: int = 602
    valid: int = 676


class NoticePlaces:
    """One statement across the whole screen."""

    disc: Point = (224, 412)
    disc_radius: int = 160
    icon: int = 192
    left: int = 457
    right: int = 1240
    title_size: int = 148
    text_size: int = 58
    middle: int = 412
    footer: int = 696
    footer_middle: int = 749


class Layout:
    """All places of one canvas size."""

    size: tuple[int, int] = (1280, 800)
    header: HeaderPlaces = HeaderPlaces()
    idle: IdlePlaces = IdlePlaces()
    rating: RatingPlaces = RatingPlaces()
    reasons: ReasonsPlaces = ReasonsPlaces()
    thanks: ThanksPlaces = ThanksPlaces()
    notice: NoticePlaces = NoticePlaces()


LANDSCAPE = Layout()
