"""The words of the pages: one catalogue text for each code."""

from collections.abc import Mapping
from typing import Final

from services.orders.domain.household import Need
from services.orders.domain.order import OrderState
from shared.web.languages import mark
from shared.web.parts import NavigationEntry

NAVIGATION: Final = (
    NavigationEntry(mark("Desk"), "/desk"),
    NavigationEntry(mark("Orders"), "/orders"),
    NavigationEntry(mark("Register"), "/register"),
    NavigationEntry(mark("Zones"), "/zones"),
    NavigationEntry(mark("Staff"), "/staff"),
    NavigationEntry(mark("Stuck events"), "/parked"),
)

ERROR_TEXTS: Final[Mapping[str, str]] = {
    "household_unknown": mark("There is no such household, or none that you may see."),
    "household_empty": mark("Nobody lives behind this door. Correct the household first if that is wrong."),
    "order_empty": mark("Choose the standard pack or at least one item."),
    "packs_out_of_range": mark("%(packs)s packs cannot be ordered: %(min_packs)s to %(max_packs)s are possible."),
    "item_unknown": mark("There is no item %(item)s."),
    "quantity_not_positive": mark("%(quantity)s of an item cannot be ordered. Leave the field empty for none."),
    "item_over_limit": mark("%(quantity)s of %(item)s are too many: %(limit)s in one order."),
    "extras_over_limit": mark("The extras weigh %(grams)s g: at most %(limit_g)s g go into one order."),
    "quick_entry_unknown": mark("“%(word)s” is no item of the quick entry."),
    "quantity_unreadable": mark("A quantity is no whole number."),
    "date_unreadable": mark("The date cannot be read. Write it like 2022-03-04."),
    "time_unreadable": mark("The moment cannot be read. Write it like 2022-03-04 or 2022-03-04T08:00."),
    "choice_unknown": mark("This choice does not exist."),
    "wave_date_past": mark("%(wave_date)s is over. The earliest date is today, %(today)s."),
    "wave_date_too_far": mark("%(wave_date)s is too far away: at most %(max_days)s days ahead."),
    "zone_not_sealed": mark(
        "On %(wave_date)s this home is not in a sealed zone, so nothing is brought to the door."
    ),
    "note_too_long": mark("The note has %(length)s characters: at most %(max_length)s fit."),
    "order_same_date": mark("This household already has order %(number)s for this date."),
    "order_not_changeable": mark("Order %(number)s is already planned, so it can only be cancelled."),
    "order_on_its_way": mark("Order %(number)s has left already. Ask the dispatcher to call the crew."),
    "order_has_ended": mark("Order %(number)s is over already."),
    "order_not_failed": mark("Order %(number)s did not fail, so there is nothing to bring again."),
    "household_has_bags_on_the_way": mark("Order %(number)s is on its way. Remove the household once it is over."),
    "residents_out_of_range": mark("%(residents)s people cannot live behind one door: 0 to %(max_residents)s."),
    "residents_unreadable": mark("The number of people is no whole number."),
    "phone_malformed": mark("A phone number is wrong: 11 digits for a mobile, or area code and number."),
    "person_without_phone_or_name": mark("A person needs a name or a phone number."),
    "door_missing": mark("Building and room are needed."),
    "compound_unknown": mark("No zone of yours has a compound %(compound)s. Declare its zone first."),
    "compound_ambiguous": mark("More than one of your communities has a compound %(compound)s."),
    "compound_missing": mark("The row names no compound, and there is more than one."),
    "building_unknown": mark("There is no building %(building)s in %(compound)s."),
    "zone_text_missing": mark("A zone needs community, grid and name."),
    "zone_in_other_grid": mark("The zone %(zone)s belongs to the grid %(grid)s."),
    "compound_named_twice": mark("The compound %(compound)s is named twice."),
    "compound_in_other_zone": mark("The compound %(compound)s belongs to the zone %(zone)s."),
    "login_malformed": mark("A sign-in name has 2 to 40 small letters, digits, dots or dashes."),
    "name_missing": mark("A name is needed."),
    "roles_missing": mark("At least one role is needed."),
    "role_unknown": mark("There is no role %(role)s."),
    "scope_missing": mark("At least one community is needed, or * for the whole street."),
    "password_missing": mark("A new account needs a password."),
    "file_missing": mark("Choose a file first."),
    "file_too_large": mark("The file is too large."),
    "password_protected": mark("The file is protected by a password. Save it without one."),
    "corrupt": mark("The file is damaged and cannot be opened."),
    "unsupported_type": mark("This is neither an Excel workbook (XLSX) nor a CSV file."),
    "encoding_unknown": mark("The characters of this CSV file cannot be read. Save it as UTF-8."),
    "no_header": mark("No sheet has a row of headings that can be read."),
    "still_cannot_apply": mark("The event still cannot be taken in: %(reason)s"),
}

# Why a row of a register was left out, or wants a look.
ROW_TEXTS: Final[Mapping[str, str]] = {
    "door_missing": mark("no room"),
    "building_missing": mark("no building"),
    "address_unreadable": mark("the address cannot be read"),
    "duplicate_door": mark("the same door stood in an earlier row"),
    "phone_invalid": mark("the phone number is wrong"),
    "phone_malformed": mark("the phone number is wrong"),
    "residents_not_a_number": mark("the number of people is no number"),
    "residents_out_of_range": mark("the number of people cannot be"),
    "formula_cell": mark("a formula instead of a value"),
    "unsafe_text": mark("text that a spreadsheet would run as a formula"),
    "error_cell": mark("an error value of the spreadsheet"),
    "date_cell": mark("a date where none belongs"),
    "compound_unknown": mark("no zone of yours has this compound"),
    "compound_ambiguous": mark("more than one community has a compound of this name"),
    "compound_missing": mark("no compound named"),
    "person_without_phone_or_name": mark("a person without name and phone"),
    "hidden_sheet": mark("a hidden sheet was not read"),
    "no_header": mark("a sheet without headings was not read"),
    "total_row": mark("a row of totals was passed over"),
    "repeated_header": mark("headings repeated, passed over"),
    "cell_comment": mark("a cell bears a comment"),
    "floor_mismatch": mark("floor and room do not agree"),
    "residents_missing": mark("nobody counted the people"),
    "phone_missing": mark("no phone"),
    "language_unrecognized": mark("the language was not understood"),
    "pets_unclear": mark("pets, but which?"),
    "need_unrecognized": mark("the special need was not understood"),
}

# Order state -> status token of the style sheet, and its text.
STATES: Final[Mapping[OrderState, tuple[str, str]]] = {
    OrderState.ACCEPTED: ("received", mark("Accepted")),
    OrderState.SCHEDULED: ("packed", mark("Scheduled")),
    OrderState.LOADED: ("packed", mark("Loaded")),
    OrderState.OUT: ("out", mark("On its way")),
    OrderState.DELIVERED: ("delivered", mark("Delivered")),
    OrderState.FAILED: ("no_answer", mark("Not delivered")),
    OrderState.RETURNED: ("problem", mark("Brought back")),
    OrderState.CANCELLED: ("cancelled", mark("Cancelled")),
}

REASONS: Final[Mapping[str, str]] = {
    "no_answer": mark("no answer"),
    "refused": mark("refused at the door"),
    "short": mark("not there to load"),
    "damaged": mark("damaged"),
    "no_access": mark("no access"),
    "cancelled": mark("cancelled"),
    "not_needed": mark("not needed any more"),
    "away": mark("not at home"),
    "wrong_entry": mark("entered by mistake"),
    "replaced": mark("replaced by another order"),
    "household_removed": mark("household removed"),
    # Why routing put it on no round.
    "no_drop_point": mark("no drop point for this entrance"),
    "entrance_without_drop": mark("no drop point for this entrance"),
    "drop_point_unknown": mark("no drop point for this entrance"),
    "bags_not_back": mark("its bags are still out from the last attempt"),
    "no_such_floor": mark("the building has no such floor"),
    "no_crew": mark("no crew there"),
    "too_heavy": mark("heavier than any crew can carry"),
    "too_many_crates": mark("more crates than any crew has room for"),
    "shift_too_short": mark("too long for any shift"),
    "shifts_full": mark("all crews are busy"),
    "plan_failed": mark("planning failed"),
    "left_out": mark("in the next wave"),
    "other": mark("another reason"),
}

NEEDS: Final[Mapping[Need, str]] = {
    Need.ELDERLY_ALONE: mark("elderly, alone"),
    Need.INFANT: mark("infant"),
    Need.PREGNANT: mark("pregnant"),
    Need.DISABLED: mark("slow to the door"),
    Need.HEARING: mark("hard of hearing: knock and wait"),
    Need.VISION: mark("low vision: say who you are"),
    Need.CHRONIC_MEDICATION: mark("daily medicine"),
    Need.DIALYSIS: mark("dialysis"),
    Need.DIABETIC_DIET: mark("diabetic diet"),
    Need.LOW_SALT: mark("low salt"),
    Need.HALAL: mark("halal"),
    Need.VEGETARIAN: mark("vegetarian"),
    Need.PET_DOG: mark("dog"),
    Need.PET_CAT: mark("cat"),
}

LANGUAGE_NAMES: Final[Mapping[str, str]] = {
    "zh": "普通话",
    "yue": "粤语",
    "hak": "客家话",
    "nan": "潮汕话",
    "en": "English",
    "ko": "한국어",
    "ja": "日本語",
    "fr": "Français",
    "ru": "Русский",
}

BAG_LABELS: Final[Mapping[str, str]] = {
    "dry": mark("dry goods"),
    "cold": mark("keep cold"),
    "infant": mark("infant"),
    "pet": mark("pet"),
    "extra": mark("extras"),
}

MATCHES: Final[Mapping[str, str]] = {
    "door": mark("door"),
    "door_begins": mark("door begins so"),
    "phone": mark("phone"),
    "phone_begins": mark("phone begins so"),
    "phone_tail": mark("phone tail"),
}

TASKS: Final[Mapping[str, str]] = {
    "delivered_after_cancel": mark("Bags of a cancelled order were left at the door. Call and agree what to do."),
    "call_resident": mark("No message reaches this household. Call to tell how the order stands."),
}

ZONE_CLASSES: Final[Mapping[str, str]] = {
    "sealed": mark("sealed: nobody leaves the home"),
    "controlled": mark("controlled: nobody leaves the area"),
    "precaution": mark("precaution"),
    "lifted": mark("lifted"),
}

HANDLINGS: Final[Mapping[str, str]] = {"clean": mark("clean"), "positive": mark("positive")}

ROLES: Final[Mapping[str, str]] = {
    "operator": mark("operator"),
    "dispatcher": mark("dispatcher"),
    "officer": mark("officer"),
    "administrator": mark("administrator"),
    "auditor": mark("auditor"),
}
