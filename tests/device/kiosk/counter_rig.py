"""A window with its reception, a real scribe and real files, and a clock the test moves."""

import time
from collections.abc import Callable
from uuid import UUID, uuid4

import msgspec
from device_rig import RECORD_KEY
from device_rig import identity as who

from device.core.visit import State
from device.kiosk.actions import Action
from device.kiosk.reception import CHOSEN_MS, Reception
from device.kiosk.scribe import Scribe
from device.kiosk.usher import Usher
from device.kiosk.views import View
from device.kiosk.wall_clock import Wall, wall_clock
from device.kiosk.wishes import Wishes
from device.store.backlog import Backlog
from device.store.briefing import Briefing, BriefingReader, InviteOrder
from device.store.home import Home
from device.store.moment import monotonic_ms
from device.store.profile import Service
from protocol.configuration import Configuration, Hall, Matter, Rules, StaffMember, Window
from protocol.records import AnyRecord, InvitedBy, MatterHandled, read
from protocol.sealing import OpeningKey

OPENING_KEY = OpeningKey.from_secret(bytes(range(32)))
"""Central's, which no device has."""
WALL = time.struct_time((2026, 6, 18, 10, 24, 0, 3, 169, 0))


class Counter:
    """A window with its reception, and a clock that the test moves."""

    def __init__(
        self,
        home: Home,
        service: Service = Service(),  # noqa: B008 - an immutable value
        *,
        sealing_key: bytes = OPENING_KEY.public,
        configured: bool = True,
        wall: Callable[[], Wall] = wall_clock,
    ) -> None:
        self.home = home
        self.sealing_key = sealing_key
        self.now_ms = monotonic_ms()
        self.briefing = Briefing(home)
        if configured:
            self.configure(assigned_staff="0317")
        self.reader = BriefingReader(home)
        self.scribe = Scribe(home, who(), RECORD_KEY, self.reader, ring=lambda: None)
        self.reception = Reception(
            self.scribe,
            home,
            self.reader,
            self.was_opened,
            Wishes("zh-CN"),
            False,
            self.now_ms,
            service,
            usher=Usher(home, self.scribe, ring=lambda: None),
            wall=wall,
        )
        self.reception.refresh(self.now_ms)
        self.scribe.start()
        self.wait_for(lambda _: self.reception.ready)

    def configure(self, assigned_staff: str, version: int = 1, **rules: int) -> None:
        document = Configuration(
            device=who().device,
            version=version,
            hall=Hall("BH", "滨河区政务服务中心"),
            window=Window("BH-012", "12", assigned_staff),
            staff=(
                StaffMember("0317", "王晓燕", "综合窗口", "不动产登记"),
                StaffMember("0400", "李国强", "综合窗口", "不动产登记"),
            ),
            matters=(Matter("M1", "不动产转移登记"), Matter("M2", "抵押权登记")),
            rules=Rules(**rules),
            phone_url="https://pj.example.cn",
            sealing_key=self.sealing_key,
        )
        self.briefing.apply(document, b"signed", f"v{version}")

    def was_opened(self, visit: UUID) -> bool:
        backlog = Backlog(self.home)
        try:
            return backlog.was_opened(visit.bytes)
        finally:
            backlog.close()

    def view(self) -> View:
        return self.reception.view(self.now_ms, WALL, "6月18日")

    def wait_for(self, seen: type | Callable[[View], bool], patience_s: float = 10.0) -> View:
        """Let the scribe work until the view is as ``seen`` wants it."""
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            self.hear()
            view = self.view()
            matches = isinstance(view, seen) if isinstance(seen, type) else seen(view)
            if matches:
                return view
            time.sleep(0.005)
        raise AssertionError(f"the screen shows {self.view()}")

    def hear(self) -> None:
        """Take up what the threads beside the loop have answered."""
        self.reception.hear(self.scribe.answers(), self.now_ms)
        if self.reception.stale:
            self.reception.refresh(self.now_ms)
        self.reception.pass_time(self.now_ms)

    def wait_for_the_end(self) -> None:
        """Let the scribe finish a visit that nobody is thanked for."""
        self.wait_for(lambda _: self.reception.visit.state is State.IDLE)

    def do(self, name: str, value: int | str | None = None) -> None:
        self.reception.act(Action(name, value), self.now_ms)

    def pass_ms(self, milliseconds: int) -> None:
        self.now_ms += milliseconds
        self.reception.pass_time(self.now_ms)

    def choose(self, level: int) -> None:
        self.do("level", level)
        self.pass_ms(CHOSEN_MS)

    def invite(self, *matters: MatterHandled, visit: UUID | None = None) -> UUID:
        order = InviteOrder(visit or uuid4(), InvitedBy.STAFF, matters)
        self.briefing.instruct("invite", msgspec.json.encode(order))
        self.reception.refresh(self.now_ms)
        return order.visit

    def records(self) -> list[AnyRecord]:
        backlog = Backlog(self.home)
        try:
            stretch = backlog.after(0, 500, 1 << 22)
            return [read(signed) for signed in stretch.records] if stretch else []
        finally:
            backlog.close()

    def close(self) -> None:
        assert self.scribe.stop(5)
        self.reader.close()
        self.briefing.close()
