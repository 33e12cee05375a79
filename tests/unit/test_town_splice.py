"""Edits of a profile: one thing changes, and every other byte stays."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cyberaudit.errors import ProfileError
from cyberaudit.town.load import parse_profile
from cyberaudit.town.profile import Profile
from cyberaudit.town.source import Trail, Tree
from cyberaudit.town.splice import put

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
HEAD = """\
# Profil d'essai
schema_version: 1
commune: {id: lhay, name: "L'Haÿ-d'Essai", insee: "99001", population: 900}
"""
SAID: dict[str, Tree] = {"answer": "no", "by": "Mme Lefèvre, maire", "on": "2026-11-22"}
QUOTED = '"Mme Lefèvre, maire"'
ON = "    on: 2026-11-22\n"
WRITTEN = '{answer: no, by: "Mme Lefèvre, maire", on: 2026-11-22}'
MFA: Trail = ("practices", "mfa")


def profile_of(text: str) -> Profile:
    return parse_profile(text.encode(), file="lhay.yaml")


def changed(tail: str, trail: Trail = MFA, value: Tree = SAID) -> str:
    """What follows the head once the change is made."""
    text = put(profile_of(HEAD + tail), trail, value).after.text
    assert text.startswith(HEAD)
    return text.removeprefix(HEAD)


CASES = {
    "no section": ("# fin\n", f"# fin\n\npractices:\n  mfa: {WRITTEN}\n"),
    "no final line break": ("# fin", f"# fin\n\npractices:\n  mfa: {WRITTEN}\n"),
    "end marker": ("...\n", f"\npractices:\n  mfa: {WRITTEN}\n...\n"),
    "empty section": (
        "practices: {}   # rien encore\nzones: []\n",
        f"practices:   # rien encore\n  mfa: {WRITTEN}\nzones: []\n",
    ),
    "empty section on two lines": ("practices: {\n}  # c\n", f"practices:  # c\n  mfa: {WRITTEN}\n"),
    "comment in an empty section": ("practices: { # c\n}\n", f"practices: {{mfa: {WRITTEN} # c\n}}\n"),
    "key without value": ("practices:\n  mfa:   # à demander\n", f"practices:\n  mfa: {WRITTEN}   # à demander\n"),
    "another key": (
        "practices:\n  awareness: {answer: yes, by: A, on: 2026-11-02}  # pv\n\n  # fin du bloc\nzones: []\n",
        (f"practices:\n  awareness: {{answer: yes, by: A, on: 2026-11-02}}  # pv\n  mfa: {WRITTEN}\n\n"
        "  # fin du bloc\nzones: []\n"),
    ),
    "other indentation": (
        "practices:\n      awareness: {answer: yes, by: A, on: 2026-11-02}",
        f"practices:\n      awareness: {{answer: yes, by: A, on: 2026-11-02}}\n      mfa: {WRITTEN}\n",
    ),
    "flow section": (
        "practices: {awareness: {answer: yes, by: A, on: 2026-11-02}, }  # tout\n",
        f"practices: {{awareness: {{answer: yes, by: A, on: 2026-11-02}}, mfa: {WRITTEN}, }}  # tout\n",
    ),
    "flow value": (
        "practices:\n  mfa: {answer: yes, by: A, on: 2026-11-02, proof: a.pdf}   # avant\t# tab\n",
        f"practices:\n  mfa: {WRITTEN}   # avant\t# tab\n",
    ),
    "block value": (
        "practices:\n  # tête\n  mfa: # clé\n    answer: yes # a\n    by: 'A'   # b\n    on: 2026-11-02\n    # bas\n",
        f"practices:\n  # tête\n  mfa: # clé\n    answer: no # a\n    by: {QUOTED}   # b\n{ON}    # bas\n",
    ),
    "block value with less to say": (
        f"practices:\n  mfa:\n    answer: no\n    proof: a   # coffre\n    value: b\n    by: {QUOTED}\n{ON}",
        f"practices:\n  mfa:\n    answer: no\n    # coffre\n    by: {QUOTED}\n{ON}",
    ),
    "flow value over lines": (
        "practices:\n  mfa: {answer: yes,  # un\n    by: A,  # deux\n    on: 2026-11-02}\n",
        "practices:\n  mfa: {answer: no,  # un\n    by: \"Mme Lefèvre, maire\",  # deux\n    on: 2026-11-22}\n",
    ),
    "flow value over lines with less to say": (
        "practices:\n  mfa: {proof: a.pdf,\n    answer: no, value: x,\n by: \"Mme Lefèvre, maire\", on: 2026-11-22}\n",
        "practices:\n  mfa: {answer: no,\n by: \"Mme Lefèvre, maire\", on: 2026-11-22}\n",
    ),
    "value gained": (
        "practices:\n  mfa:\n    answer: no\n    by: \"Mme Lefèvre, maire\"\nzones: []\n".replace(
            "zones", "    on: 2026-11-22\nzones"
        ),
        "practices:\n  mfa:\n    answer: no\n    by: \"Mme Lefèvre, maire\"\n    on: 2026-11-22\nzones: []\n",
    ),
    "quotes": (
        "practices:\n  \"mfa\": {'answer': \"yes\", 'by': 'L''Haÿ', on: '2026-11-02'}\n",
        f"practices:\n  \"mfa\": {WRITTEN}\n",
    ),
    "long text before": (
        "practices:\n  awareness:\n    answer: yes\n    on: 2026-11-02\n    by: |\n      A,\n      maire\n\n# fin\n",
        ("practices:\n  awareness:\n    answer: yes\n    on: 2026-11-02\n    by: |\n      A,\n      maire\n"
        f"  mfa: {WRITTEN}\n\n# fin\n"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_a_declaration_is_written_in_the_style_that_stands_there(before: str, after: str) -> None:
    assert changed(before) == after


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("line_break", ["\r\n", "\r"])
def test_line_ends_stay_as_they_are(before: str, after: str, line_break: str) -> None:
    old, new = ((HEAD + text).replace("\n", line_break) for text in (before, after))
    assert put(profile_of(old), MFA, SAID).after.text == new


def test_a_field_of_an_asset_is_added_to_its_element() -> None:
    tail = "backups:\n- id: nas  # le disque\n  of: [files]\n  place: on-site\n"
    tail += "-   {id: b, of: [mail], place: on-site}\n"
    said: Tree = {"result": "ok", "by": "Cabinet Dupont", "on": "2026-11-20"}
    text = changed(tail, ("backups", 0, "restore_test"), said)
    line = "  restore_test: {result: ok, by: Cabinet Dupont, on: 2026-11-20}\n"
    assert text == tail.replace("on-site\n-", f"on-site\n{line}-")
    text = changed(tail, ("backups", 1, "restore_test"), said)
    assert text == tail.replace("on-site}", f"on-site, {line.strip()}}}")


def test_a_first_key_that_goes_leaves_its_place_to_the_next() -> None:
    tail = "waivers:\n  - stopgap: rien\n    check: mail.spf\n    reason: Le contrat finit.\n"
    tail += "    decided_by: Mme L, maire\n    decided_on: 2026-11-02\n    until: 2026-12-01\n"
    said: Tree = {"check": "mail.spf", "reason": "Le contrat finit.", "decided_by": "Mme L, maire",
                  "decided_on": "2026-11-02", "until": "2026-12-01"}  # fmt: skip
    assert changed(tail, ("waivers", 0), said) == tail.replace("stopgap: rien\n    ", "")
    with pytest.raises(ProfileError, match="commentaire se trouve au milieu"):
        changed(tail.replace("rien\n", "rien # c\n"), ("waivers", 0), said)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("waivers: []\n", "waivers:\n  - check: mail.spf\n    reason: Le contrat finit.\n"),
        ("", "\nwaivers:\n  - check: mail.spf\n    reason: Le contrat finit.\n"),
    ],
)
def test_an_element_is_added_to_a_list_one_line_a_key(before: str, after: str) -> None:
    waiver: Tree = {"check": "mail.spf", "reason": "Le contrat finit.", "decided_by": "Mme L, maire",
                    "decided_on": "2026-11-02", "until": "2026-12-01"}  # fmt: skip
    rest = '    decided_by: "Mme L, maire"\n    decided_on: 2026-11-02\n    until: 2026-12-01\n'
    once = changed(before, ("waivers", 0), waiver)
    assert once == after + rest
    assert changed(once, ("waivers", 1), waiver) == once + "".join(
        f"{line}\n" for line in (after + rest).splitlines() if line.startswith(("  -", "   "))
    )


def test_a_flow_list_and_a_json_document_stay_on_their_line() -> None:
    waiver: Tree = {"check": "mail.spf", "reason": "Le contrat finit.", "decided_by": "L",
                    "decided_on": "2026-11-02", "until": "2026-12-01"}  # fmt: skip
    old = '{"schema_version": 1, "commune": {"id": "a", "name": "A", "insee": "99001", "population": 9}}'
    once = put(profile_of(old), ("waivers", 0), waiver).after
    twice = put(once, ("waivers", 1), waiver).after
    assert "\n" not in twice.text
    assert [each.check for each in twice.town.waivers] == ["mail.spf"] * 2


REFUSED = {
    "alias": ("practices:\n  awareness: &a {answer: yes, by: A, on: 2026-11-02}\n  mfa: *a\n", "plusieurs endroits"),
    "anchor": ("practices:\n  mfa: &a {answer: yes, by: A, on: 2026-11-02}\n  awareness: *a\n", "plusieurs endroits"),
    "anchor above": ("practices: &p\n  mfa: {answer: yes, by: A, on: 2026-11-02}\n", "plusieurs endroits"),
    "anchor inside": ("practices:\n  mfa: {answer: yes, by: &n A, on: 2026-11-02}\n", "plusieurs endroits"),
    "comment inside": (
        "practices:\n  mfa: {answer: yes, by: A, on: 2026-11-02, # c\n    proof: a, value: b}\n",
        "au milieu",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("tail", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_changed_alone_is_refused_with_its_place(tail: str, sentence: str) -> None:
    with pytest.raises(ProfileError, match=sentence) as caught:
        changed(tail)
    assert caught.value.problems[0].place is not None


def test_nothing_is_added_below_a_word() -> None:
    with pytest.raises(ProfileError, match="n'est pas un bloc"):
        changed("", ("schema_version", "mfa"))


def test_what_a_profile_cannot_hold_is_refused() -> None:
    with pytest.raises(ProfileError, match="n'existe pas"):
        changed("", value={**SAID, "answer": "perhaps"})
    with pytest.raises(ProfileError, match="Modifiez le profil à la main"):
        changed("", ("scanned_by",), "deux\nlignes")


def test_a_text_kept_with_its_blank_lines_is_not_disturbed() -> None:
    with pytest.raises(ProfileError, match="Modifiez le profil à la main"):
        changed("practices:\n  awareness:\n    answer: yes\n    on: 2026-11-02\n    by: |+\n      L\n\n\n")


def test_the_difference_shows_the_lines_that_change_and_one_around() -> None:
    made = put(
        profile_of(HEAD + "practices:\n  mfa: {answer: yes, by: A, on: 2026-11-02}\nzones: []\n"), MFA, SAID
    )
    assert [(line.sign, line.text) for line in made.diff()] == [
        (" ", "practices:"),
        ("-", "  mfa: {answer: yes, by: A, on: 2026-11-02}"),
        ("+", f"  mfa: {WRITTEN}"),
        (" ", "zones: []"),
    ]
    assert made.line == 5


@pytest.mark.parametrize("name", ["demo", "village", "small-town"])
def test_every_profile_of_the_program_can_be_answered(name: str) -> None:
    old = parse_profile((ROOT / "profiles" / f"{name}.yaml").read_bytes(), file=name)
    comments = re.findall(r"(?:^|\s)#.*", old.text)
    for practice in ("mfa", "awareness", "firewall"):
        made = put(old, (*old.trail_of(f"practice/{practice}"), practice)[:2], SAID)
        assert re.findall(r"(?:^|\s)#.*", made.after.text) == comments
        assert [line for line in made.diff(around=0) if line.sign == "+"]


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"), exclude_characters="#"),
    min_size=1, max_size=30,
)  # fmt: skip
COMMENT = re.compile(r"#[^\r\n]*")
COMMENTS = st.sampled_from(("", "  # c'est « dit »", "   # {a: b}, [", "\t# tab\tici"))
ALONE = st.sampled_from(("", "  # seul\n", "# au bord\n", "\n", "    # loin: {\n"))
ANSWERS = st.sampled_from(("yes", "no", "partial", "unknown"))


@st.composite
def declarations(draw: st.DrawFn) -> dict[str, Tree]:
    said: dict[str, Tree] = {"answer": draw(ANSWERS)}
    if draw(st.booleans()):
        said["value"] = draw(TEXTS)
    by = draw(TEXTS.filter(lambda text: text.split() != []))
    return {**said, "by": by, "on": "2026-11-02"}


def _quoted(text: Tree) -> str:
    return "'" + str(text).replace("'", "''") + "'"


@st.composite
def sections(draw: st.DrawFn) -> str:
    """The practices of a profile, in any style, with comments anywhere a person may put one."""
    names = draw(st.lists(st.sampled_from(("mfa", "awareness", "incident-contacts")), unique=True))
    said = {name: draw(declarations()) for name in names}
    style = draw(st.sampled_from(("block", "flow", "mixed")))
    if style == "flow" or not said:
        inside = ", ".join(f"{name}: {_flow(each)}" for name, each in said.items())
        return f"practices: {{{inside}}}{draw(COMMENTS)}\n{draw(ALONE)}"
    text = f"practices:{draw(COMMENTS)}\n"
    for name, each in said.items():
        if style == "mixed" and draw(st.booleans()):
            text += f"{draw(ALONE)}   {name}: {_flow(each)}{draw(COMMENTS)}\n"
            continue
        text += f"{draw(ALONE)}   {name}:{draw(COMMENTS)}\n"
        for key, value in each.items():
            text += f"{draw(ALONE)}     {key}: {_quoted(value)}{draw(COMMENTS)}\n"
    return text + draw(ALONE)


def _flow(said: dict[str, Tree]) -> str:
    return "{" + ", ".join(f"{key}: {_quoted(value)}" for key, value in said.items()) + "}"


@settings(max_examples=300, deadline=None)
@given(
    before=st.sampled_from(("", "zones: []  # aucune\n", "hosts:\n# rien\n  []\n")),
    section=sections(),
    after=st.sampled_from(("", "scanned_by: Cabinet Dupont   # nous\n", "# dernière ligne")),
    said=declarations(),
    line_break=st.sampled_from(("\n", "\r\n")),
)
@example(before="", section="practices: {}\n", after="", said={**SAID, "by": "- ': {\"\\ "}, line_break="\n")
def test_any_answer_in_any_profile_changes_itself_alone(
    before: str, section: str, after: str, said: dict[str, Tree], line_break: str
) -> None:
    text = (HEAD + before + section + after).replace("\n", line_break)
    old = profile_of(text)
    made = put(old, MFA, said)
    new = made.after

    assert new.source.tree["practices"] == {**_practices(old), "mfa": said}
    assert {**new.source.tree, "practices": 0} == {**old.source.tree, "practices": 0}
    assert ("\r\n" in new.text) == ("\r\n" in text)
    assert COMMENT.findall(new.text) == COMMENT.findall(text)
    assert sum(line.sign == "-" for line in made.diff()) <= _lines_of(old.source.tree)


def _practices(profile: Profile) -> dict[str, Tree]:
    practices = profile.source.tree.get("practices")
    return practices if isinstance(practices, dict) else {}


def _lines_of(tree: dict[str, Tree]) -> int:
    """Lines that an answer may take: the section's own, or the key's and one a word."""
    practices = tree.get("practices")
    said = practices.get("mfa") if isinstance(practices, dict) else None
    return len(said) if isinstance(said, dict) else 1


VALUES: dict[str, tuple[Trail, Tree, str]] = {
    "numbers and words": (
        ("plan",),
        {"ceilings": {"2027": 2000}, "spend_before_vote": False},
        "\nplan:\n  ceilings: {2027: 2000}\n  spend_before_vote: false\n",
    ),
    "list": (("domains", 0, "dkim_selectors"), ["s1", "s2"], "  dkim_selectors: [s1, s2]\n"),
    "nothing": (("domains", 0, "mailbox_mfa"), None, "  mailbox_mfa: null\n"),
    "text that looks like a number": (("domains", 0, "label"), "2026", '  label: "2026"\n'),
    "true": (("domains", 0, "sends_mail"), True, "  sends_mail: true\n"),
    "texts in a list": (("scanned_by",), "Cabinet: Dupont", '\nscanned_by: "Cabinet: Dupont"\n'),
}


@pytest.mark.parametrize(("trail", "value", "added"), VALUES.values(), ids=VALUES)
def test_any_plain_value_can_be_written(trail: Trail, value: Tree, added: str) -> None:
    tail = "domains:\n- id: main\n  name: lhay.example\n"
    assert changed(tail, trail, value) == tail + added


def test_a_word_without_value_in_a_block_gets_one() -> None:
    tail = "domains:\n- id: main\n  name: lhay.example\n  mailbox_mfa:  # qui sait ?\n"
    block: Tree = {"id": "main", "name": "lhay.example", "mailbox_mfa": SAID}
    assert changed(tail, ("domains", 0), block) == tail.replace("mfa:", f"mfa: {WRITTEN}")


def test_a_block_that_goes_takes_no_comment_with_it() -> None:
    tail = "domains:\n- id: main\n  name: lhay.example\n  subdomains:\n    - a.lhay.example\n"
    block: Tree = {"id": "main", "name": "lhay.example"}
    assert changed(tail, ("domains", 0), block) == tail.partition("  subdomains")[0]
    with pytest.raises(ProfileError, match="au milieu"):
        changed(tail.replace("subdomains:", "subdomains: # c"), ("domains", 0), block)


def test_a_list_is_rewritten_as_a_whole_when_no_comment_stands_in_it() -> None:
    tail = "domains:\n- id: main\n  name: lhay.example\n  subdomains: # c\n    - a.lhay.example\n    - b.lhay.example\n"
    place, other = ("domains", 0, "subdomains"), ["c.lhay.example"]
    assert changed(tail, place, list(other)).endswith("  subdomains: # c\n    [c.lhay.example]\n")
    with pytest.raises(ProfileError, match="au milieu"):
        changed(tail.replace("- b", "# d\n    - b"), place, list(other))
    with pytest.raises(ProfileError, match="Modifiez le profil à la main"):
        changed(tail.replace("    - ", "  - "), place, list(other))
