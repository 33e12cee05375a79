"""The types of a profile's fields: each reads through `values` and says its form in the schema."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from cyberaudit.declared import Answer, LinkKind, VpnKind, Weekdays
from cyberaudit.town import known, values

T = TypeVar("T")
REFUSED = "refused"
"""Type of the pydantic errors that carry their French sentence in `ctx`."""


def _refusal(error: values.RefusedError) -> PydanticCustomError:
    return PydanticCustomError(REFUSED, "{sentence}", {"sentence": str(error)})


def _read(parse: Callable[[str], T]) -> PlainValidator:
    """A validator that gives texts to `parse`, and refuses what is not a text."""

    def validate(value: object) -> T:
        if not isinstance(value, str):
            raise PydanticKnownError("string_type")
        try:
            return parse(value)
        except values.RefusedError as error:
            raise _refusal(error) from None

    return PlainValidator(validate)


def _one_of(allowed: tuple[str, ...]) -> PlainValidator:
    return _read(lambda value: values.choice(value, allowed=allowed))


def _text(**keywords: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **keywords})


def _names(allowed: type[Answer | LinkKind | VpnKind | Weekdays]) -> tuple[str, ...]:
    return tuple(str(member.value) for member in allowed)


def _member(allowed: type[Any]) -> PlainValidator:
    return _read(lambda value: allowed(values.choice(value, allowed=_names(allowed))))


def _flow_ports(value: object) -> object:
    """`none` and `all` stand for a list."""
    if not isinstance(value, str):
        return value
    if value in ("none", "all"):
        return [] if value == "none" else ["all"]
    raise _refusal(values.RefusedError("Écrivez none, all, ou une liste comme [tcp/443]."))


def _one_address(value: object) -> object:
    """One canary may stand without brackets."""
    if not isinstance(value, str):
        return value
    try:
        return [values.address(value)]
    except values.RefusedError as error:
        raise _refusal(error) from None


def _all_alone(ports: list[str]) -> list[str]:
    if "all" in ports and len(ports) > 1:
        raise _refusal(values.RefusedError("« all » veut dire tous les ports : écrivez-le seul."))
    return ports


def _setting_value(value: object) -> object:
    if isinstance(value, list | dict) or value is None:
        raise _refusal(values.RefusedError("Un réglage est un mot ou un nombre."))
    return value


Text = Annotated[str, _read(values.text), _text(minLength=1, maxLength=values.MAX_TEXT)]
FreeText = Annotated[str, _read(values.free_text), _text(maxLength=values.MAX_TEXT)]
Reason = Annotated[str, _read(values.reason), _text(minLength=values.MIN_REASON, maxLength=values.MAX_TEXT)]
Slug = Annotated[str, _read(values.slug), _text(pattern=values.SLUG, maxLength=64)]
MeasureId = Annotated[str, _read(values.measure_id), _text(pattern=values.MEASURE_ID, maxLength=129)]
ZoneId = Annotated[str, _read(values.zone_id), _text(pattern=values.SLUG, maxLength=64)]
Insee = Annotated[str, _read(values.insee), _text(pattern=values.INSEE)]
Region = Annotated[str, _one_of(known.REGIONS), _text(enum=list(known.REGIONS))]
DayText = Annotated[str, _read(values.day_text), _text(format="date")]
Day = Annotated[date, _read(values.day), _text(format="date")]
Address = Annotated[str, _read(values.address), _text()]
CanaryAddresses = Annotated[
    list[Address],
    BeforeValidator(_one_address),
    Field(max_length=2),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
            ]
        }
    ),
]
Network = Annotated[str, _read(values.network), _text()]
DomainName = Annotated[str, _read(values.domain), _text(maxLength=253)]
Selector = Annotated[str, _read(values.selector), _text(maxLength=128)]
Port = Annotated[str, _read(values.port), _text(pattern=values.PORT)]
FlowPorts = Annotated[
    list[Annotated[str, _read(values.flow_port)]],
    BeforeValidator(_flow_ports),
    AfterValidator(_all_alone),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "string", "enum": ["none", "all"]},
                {"type": "array", "items": {"type": "string", "pattern": values.PORT}},
            ]
        }
    ),
]
Email = Annotated[str, _read(values.email), _text(maxLength=320)]
Endpoint = Annotated[str, _read(values.endpoint), _text(pattern=r"^.+:[1-9][0-9]{0,4}$")]
HostName = Annotated[str, _read(values.domain), _text(maxLength=253)]
NearbyFile = Annotated[str, _read(values.nearby_file), _text(maxLength=values.MAX_TEXT)]
NearbyFileOrUrl = Annotated[str, _read(values.nearby_file_or_url), _text(maxLength=values.MAX_TEXT)]
ResolverAddress = Annotated[str, _read(values.resolver), _text()]
WhoisServer = Annotated[str, _read(values.whois_server), _text(maxLength=260)]
WebUrl = Annotated[str, _read(values.web_url), _text(pattern="^https?://")]
StoreUrl = Annotated[str, _read(values.store_url), _text(pattern="^[a-z0-9+]+://")]
StorePath = Annotated[str, _read(values.path), _text(pattern="^/")]
Timezone = Annotated[str, _read(values.timezone), _text()]
Country = Annotated[str, _read(values.country), _text(pattern=values.COUNTRY)]
SecretLabel = Annotated[str, _read(values.secret_label), _text(pattern=values.KEYRING_LABEL)]
CheckId = Annotated[str, _read(values.check_id), _text(pattern=values.CHECK_ID)]
CheckAt = Annotated[str, _read(values.check_at), _text(pattern=values.CHECK_AT)]
Sha256 = Annotated[str, _read(values.sha256), _text(pattern=values.SHA256)]
SettingName = Annotated[str, _read(values.setting), _text(pattern=values.SETTING)]
SettingValue = Annotated[
    str | int | float | bool,
    PlainValidator(_setting_value),
    WithJsonSchema({"type": ["string", "number", "boolean"]}),
]
Year = Annotated[int, _read(values.year), _text(pattern="^20[0-9]{2}$")]
Euros = Annotated[int, Field(ge=0, le=10_000_000)]
PracticeId = Annotated[
    str,
    _read(values.practice),
    _text(enum=sorted({*known.PRACTICES, *(name.replace("-", "_") for name in known.PRACTICES)})),
]
IntrusiveTest = Annotated[str, _one_of(known.INTRUSIVE_TESTS), _text(enum=list(known.INTRUSIVE_TESTS))]
Medium = Annotated[str, _one_of(known.MEDIA), _text(enum=list(known.MEDIA))]
BackupPlace = Annotated[str, _one_of(known.PLACES), _text(enum=list(known.PLACES))]
MailService = Annotated[str, _one_of(known.MAIL_SERVICES), _text(enum=list(known.MAIL_SERVICES))]
ZoneUseWord = Annotated[str, _one_of(tuple(known.ZONE_USES)), _text(enum=list(known.ZONE_USES))]
VpnUsersWord = Annotated[str, _one_of(tuple(known.VPN_USERS)), _text(enum=list(known.VPN_USERS))]
Owner = Annotated[str, _one_of(known.OWNERS), _text(enum=list(known.OWNERS))]
Role = Annotated[str, _one_of(known.ROLES), _text(enum=list(known.ROLES))]
RelaySecurity = Annotated[str, _one_of(known.RELAY_SECURITY), _text(enum=list(known.RELAY_SECURITY))]
TestResult = Annotated[str, _one_of(known.TEST_RESULTS), _text(enum=list(known.TEST_RESULTS))]
_EVERYWHERE = tuple(word for word in _names(Answer) if word != Answer.NOT_APPLICABLE)
AnswerWord = Annotated[
    Answer,
    _read(lambda value: Answer(values.choice(value, allowed=_EVERYWHERE))),
    _text(enum=list(_EVERYWHERE)),
]
PracticeAnswerWord = Annotated[Answer, _member(Answer), _text(enum=list(_names(Answer)))]
VpnWord = Annotated[VpnKind, _member(VpnKind), _text(enum=list(_names(VpnKind)))]
LinkWord = Annotated[LinkKind, _member(LinkKind), _text(enum=list(_names(LinkKind)))]
WeekdaysWord = Annotated[Weekdays, _member(Weekdays), _text(enum=list(_names(Weekdays)))]
