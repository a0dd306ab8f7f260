"""What a plan tells, on rows made for the purpose."""

from dataclasses import dataclass

from vitale.rules.plan import Kind, Plan, applies, build_plan
from vitale.rules.situations import Answers, Channel, Regime, Situation


@dataclass(frozen=True)
class Row:
    name: str
    regimes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    kind: str = Kind.STEP


LOSS = Answers(Regime.CPAM, Situation.LOSS, frozenset(), Channel.DESK)


def told(plan: Plan[Row, Row]) -> list[list[str]]:
    return [[row.name for row in track.lines] for track in plan.tracks]


def test_a_row_without_condition_is_always_told() -> None:
    assert applies(Row("all"), regime=Regime.OTHER, channel=None, cases=frozenset())


def test_each_condition_excludes() -> None:
    known = {"regime": Regime.CPAM, "channel": Channel.DESK, "cases": frozenset({"nia"})}
    rows = [
        Row("caisse", regimes=("msa",)),
        Row("voie", channels=("en-ligne",)),
        Row("réponse", cases=("definitif",)),
        Row("told", ("cpam", "msa"), ("guichet",), ("nia", "sans-numero")),
    ]

    assert [row.name for row in rows if applies(row, **known)] == ["told"]  # type: ignore[arg-type]


def test_answers_to_two_questions_are_both_needed() -> None:
    row = Row("both", cases=("acte-faux", "acte-inconnu", "naissance-ailleurs"))

    def is_told(*cases: str) -> bool:
        return applies(row, regime=Regime.CPAM, channel=None, cases=frozenset(cases))

    assert is_told("acte-faux", "naissance-ailleurs")
    assert is_told("acte-inconnu", "naissance-ailleurs")
    assert not is_told("acte-faux", "naissance-insee")
    assert not is_told("acte-juste", "naissance-ailleurs")
    assert not is_told("acte-faux")


def test_a_known_caisse_has_one_track() -> None:
    rows = [Row("both"), Row("msa", ("msa",)), Row("find", ("inconnue",)), Row("cpam", ("cpam",))]

    plan: Plan[Row, Row] = build_plan(LOSS, rows, [])

    assert (plan.first, told(plan), plan.is_split) == ((), [["both", "cpam"]], False)


def test_an_unknown_caisse_is_told_both_apart() -> None:
    rows = [Row("both"), Row("msa", ("msa",)), Row("find", ("inconnue",)), Row("cpam", ("cpam",))]
    answers = Answers(Regime.UNKNOWN, Situation.LOSS, frozenset(), Channel.DESK)

    plan: Plan[Row, Row] = build_plan(answers, rows, [])

    assert [row.name for row in plan.first] == ["find"]
    assert told(plan) == [["both", "cpam"], ["both", "msa"]]
    assert [track.regimes for track in plan.tracks] == [(Regime.CPAM,), (Regime.MSA,)]
    assert plan.is_split


def test_each_caisse_keeps_to_its_own_channels() -> None:
    rows = [Row("desk", channels=("guichet",)), Row("online", channels=("en-ligne",))]
    answers = Answers(Regime.UNKNOWN, Situation.LOSS, frozenset(), Channel.DESK)

    plan: Plan[Row, Row] = build_plan(answers, rows, [])

    assert told(plan) == [["desk"], ["online"]]
    assert [track.channel for track in plan.tracks] == [Channel.DESK, Channel.ONLINE]


def test_a_caisse_without_channels_has_none() -> None:
    rows = [Row("desk", ("cpam",), ("guichet",)), Row("any", ("msa",))]
    answers = Answers(Regime.UNKNOWN, Situation.RETIRED_ABROAD, frozenset(), Channel.PHONE)

    plan: Plan[Row, Row] = build_plan(answers, rows, [])

    assert [track.channel for track in plan.tracks] == [Channel.PHONE, None]


def test_two_caisses_that_say_the_same_are_told_once() -> None:
    answers = Answers(Regime.UNKNOWN, Situation.FRAUD, frozenset({"rien-donne"}))

    plan: Plan[Row, Row] = build_plan(answers, [Row("same"), Row("find", ("inconnue",))], [])

    assert (plan.first, told(plan), plan.is_split) == ((), [["same"]], False)
    assert plan.tracks[0].regimes == (Regime.CPAM, Regime.MSA)


def test_a_delay_is_of_its_caisse_and_of_its_channel() -> None:
    delays = [Row("online", ("cpam",), ("en-ligne",)), Row("desk", ("cpam",), ("guichet",))]

    def delay_of(regime: Regime) -> list[str | None]:
        answers = Answers(regime, Situation.LOSS, frozenset(), Channel.DESK)
        found = build_plan(answers, [Row("msa", ("msa",))], delays)
        return [track.delay.name if track.delay else None for track in found.tracks]

    assert delay_of(Regime.CPAM) == ["desk"]
    assert delay_of(Regime.MSA) == [None]
    assert delay_of(Regime.UNKNOWN) == ["desk", None]


def test_lines_are_grouped_by_kind_and_every_kind_is_there() -> None:
    plan: Plan[Row, Row] = build_plan(LOSS, [Row("1"), Row("w", kind=Kind.WARNING), Row("2")], [])

    groups = plan.tracks[0].groups

    assert [row.name for row in groups["step"]] == ["1", "2"]
    assert [row.name for row in groups["warning"]] == ["w"]
    assert set(groups) == {kind.value for kind in Kind}
