"""What one citizen asks of the screen does not stay for the next."""

from device.kiosk.wishes import LEFT_MS, Wishes


def test_a_choice_holds_until_it_has_been_left_alone_for_a_minute():
    wishes = Wishes("zh-CN")
    wishes.speak("ko", 1000)
    wishes.appear("large", 2000)
    wishes.pass_time(2000 + LEFT_MS - 1)
    assert (wishes.language, wishes.appearance) == ("ko", "large")
    wishes.pass_time(2000 + LEFT_MS)
    assert (wishes.language, wishes.appearance) == ("zh-CN", "standard")


def test_the_next_citizen_finds_what_the_device_is_set_to():
    wishes = Wishes("en", "contrast")
    wishes.speak("ko", 0)
    wishes.appear("standard", 0)
    wishes.forget()
    assert (wishes.language, wishes.appearance) == ("en", "contrast")
