"""A window whose staff log in by themselves: PINs, badges, opening hours, a wall clock to set."""

import msgspec
from counter_rig import OPENING_KEY, Counter
from device_rig import identity as who

from device.kiosk.views import IdleView, LoginView, MenuView, NoticeView, View
from device.kiosk.wall_clock import Wall
from device.store.briefing import LoginOrder, LogoutOrder, PauseOrder
from device.store.home import Home
from device.store.profile import Service
from protocol.configuration import Configuration, Hall, Hours, Matter, Rules, StaffMember, Window
from protocol.credentials import card_hash, pin_verifier
from protocol.records import Fault, Login, Logout, Pause

WANG, LI, ZHAO = "0317", "0400", "0555"
PINS = {WANG: "246810", LI: "135790"}
BADGE, CARD = "BADGE-0317-A", "8601000000400123"
VERIFIERS = {number: pin_verifier(pin) for number, pin in PINS.items()}
HASHES = {typed: card_hash(typed, "BH") for typed in (BADGE, CARD)}
STAFF = (
    StaffMember(WANG, "王晓燕", "综合窗口", "不动产登记", VERIFIERS[WANG], badge=HASHES[BADGE]),
    StaffMember(LI, "李国强", "综合窗口", "不动产登记", VERIFIERS[LI], card=HASHES[CARD]),
    StaffMember(ZHAO, "赵敏", "综合窗口", "不动产登记"),
)
MATTERS = (
    Matter("M1", "不动产转移登记", "bdczydj"),
    Matter("M2", "抵押权登记", "dyqdj"),
    Matter("M3", "不动产首次登记", "bdcscdj"),
)


class StaffedCounter(Counter):
    """A window at which nobody is assigned, unless ``assigned`` says so."""

    def __init__(
        self,
        home: Home,
        *,
        assigned: str = "",
        hours: Hours = Hours(),  # noqa: B008 - an immutable value
        trusted: bool = True,
        service: Service = Service(),  # noqa: B008 - an immutable value
        configured: bool = True,
    ) -> None:
        self.assigned = assigned
        self.hours = hours
        self.staff = STAFF
        self.texts: dict[str, dict[str, str]] = {}
        self.version = 0
        self.rules = Rules()
        self.local_s = 738_000 * 86_400 + 10 * 3600
        """Ten o'clock."""
        self.trusted = trusted
        super().__init__(home, service, configured=configured, wall=self.wall)

    def wall(self) -> Wall:
        return Wall(self.local_s, self.trusted)

    def configure(self, assigned_staff: str, version: int = 1, **rules: int) -> None:
        self.reconfigure()

    def reconfigure(self) -> None:
        """Apply a configuration of a new version with what the rig says now."""
        self.version += 1
        document = Configuration(
            device=who().device,
            version=self.version,
            hall=Hall("BH", "滨河区政务服务中心"),
            window=Window("BH-012", "12", self.assigned, ("M2", "M1")),
            staff=self.staff,
            matters=MATTERS,
            rules=self.rules,
            phone_url="https://pj.example.cn",
            sealing_key=OPENING_KEY.public,
            hours=self.hours,
            texts=self.texts,
        )
        self.briefing.apply(document, b"signed", f"v{self.version}")

    def without(self, *numbers: str) -> None:
        """Take staff off the roster, as central would."""
        self.staff = tuple(member for member in STAFF if member.number not in numbers)
        self.reconfigure()
        self.reception.refresh(self.now_ms)

    # --- clocks -----------------------------------------------------------------------------

    def pass_s(self, seconds: int) -> None:
        """Let both clocks go on."""
        self.local_s += seconds
        self.pass_ms(seconds * 1000)

    def set_clock(self, by_s: int) -> None:
        """Somebody, or a time server, sets the wall clock."""
        self.local_s += by_s
        self.pass_ms(1000)

    # --- staff ------------------------------------------------------------------------------

    def type(self, digits: str) -> None:
        for digit in digits:
            self.do("digit", int(digit))

    def try_pin(self, staff: str, pin: str) -> View:
        """Type number and PIN at the pad, and wait for what comes of it."""
        self.do("staff")
        self.do("field", "staff")
        self.do("clear")
        self.type(staff)
        self.do("field", "pin")
        self.type(pin)
        self.do("login")
        return self.wait_for(lambda view: not getattr(view, "checking", False))

    def log_in(self, staff: str = WANG) -> MenuView:
        view = self.try_pin(staff, PINS[staff])
        assert isinstance(view, MenuView), view
        return view

    def leave(self) -> None:
        self.do("leave-menu")
        assert not isinstance(self.view(), LoginView | MenuView)

    # --- the agent --------------------------------------------------------------------------

    def order(self, kind: str, body: msgspec.Struct) -> None:
        self.briefing.instruct(kind, msgspec.json.encode(body))
        self.reception.refresh(self.now_ms)

    def console_login(self, staff: str) -> None:
        self.order("login", LoginOrder(staff))

    def console_logout(self, staff: str, reason: str = "console") -> None:
        self.order("logout", LogoutOrder(staff, reason))

    def console_pause(self, reason: str) -> None:
        self.order("pause", PauseOrder(reason))

    # --- what is written --------------------------------------------------------------------

    def story(self) -> list[str]:
        """Return who came, left, paused and was locked out, as the chain tells it."""
        self.scribe.ask(lambda ledger: ledger.head)  # everything before is written
        told = []
        for record in self.records():
            match record:
                case Login(staff=staff, means=means):
                    told.append(f"{staff} in by {means}")
                case Logout(staff=staff, reason=reason):
                    told.append(f"{staff} out: {reason}")
                case Pause(staff=staff, paused=paused, reason=reason):
                    told.append(f"{staff} {'pauses: ' + reason if paused else 'goes on'}")
                case Fault(code="login-locked", detail=detail):
                    told.append(detail)
        return told

    def counted(self) -> dict[str, int]:
        """Return the kiosk's counters, those still in memory included."""
        return self.scribe.ask(lambda _: dict(self.scribe._surplus))

    @property
    def serves(self) -> str:
        return self.reception._duty.session.staff

    def is_closed(self) -> bool:
        view = self.view()
        return isinstance(view, NoticeView) and view.topic == "closed"

    def is_open(self) -> bool:
        return isinstance(self.view(), IdleView)
