"""The refill calculator: the numbers of the command line, and a user at the form in Chromium."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from cli.conftest_run import run

from .conftest import accessible, token_of
from .test_article import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.testclient import TestClient
    from playwright.sync_api import Page

__all__ = ["run"]
MIXTURE = [
    ("drug", "Morphine"), ("strength", "20"), ("strength_unit", "mg/mL"), ("dose", "3"), ("dose_unit", "mg/day"),
    ("drug", "Bupivacaine"), ("strength", "5"), ("strength_unit", "mg/mL"), ("dose", "0.75"), ("dose_unit", "mg/day"),
]  # fmt: skip
FILL = [("volume", "20"), ("on", "2025-03-10")]
HTMX = {"HX-Request": "true"}


def address(*pairs: tuple[str, str], path: str = "/refill") -> str:
    return f"{path}?{urlencode(pairs)}"


def answer(client: TestClient, *pairs: tuple[str, str]) -> str:
    """The answer's panel in words, from the part that htmx asks for."""
    got = client.get(address(*pairs), headers=HTMX)
    assert got.status_code == 200
    assert "<html" not in got.text
    return words(got.text)


@pytest.mark.parametrize(
    ("pairs", "arguments"),
    [
        (
            [*FILL, *MIXTURE],
            ["--volume", "20", "--on", "2025-03-10", "--concentration", "Morphine 20 mg/mL",
             "--concentration", "Bupivacaine 5 mg/mL", "--dose", "3 mg/day", "--dose", "0.75 mg/day"],
        ),
        (
            [("pump", "synchromed-ii-40"), ("residual", "1.5"), ("on", "2024-02-29"), ("drug", "ziconotide"),
             ("strength", "25"), ("strength_unit", "mcg/mL"), ("dose", "0.2"), ("dose_unit", "mcg/h")],
            ["--pump", "synchromed-ii-40", "--residual", "1.5", "--on", "2024-02-29",
             "--concentration", "ziconotide 25 mcg/mL", "--dose", "0.2 mcg/h"],
        ),
        (
            [("pump", "codman-3000-30"), ("flow", "0.5"), ("on", "2024-01-31"), ("drug", "clonidine"),
             ("strength", "500"), ("strength_unit", "mcg/mL")],
            ["--pump", "codman-3000-30", "--flow", "0.5 mL/day", "--on", "2024-01-31",
             "--concentration", "clonidine 500 mcg/mL"],
        ),
        (
            [("volume", "18"), ("on", "2024-01-31"), ("drug", "ketorolac"), ("strength", "2"),
             ("strength_unit", "mg/mL"), ("dose", "1"), ("dose_unit", "mg/day")],
            ["--volume", "18", "--on", "2024-01-31", "--concentration", "ketorolac 2 mg/mL", "--dose", "1 mg/day"],
        ),
    ],
)  # fmt: skip
def test_the_answer_has_the_numbers_of_the_command_line(
    client: TestClient, run: Any, pairs: list[tuple[str, str]], arguments: list[str]
) -> None:
    told = run("refill", *arguments, "--format", "json").json
    said = answer(client, *pairs)
    assert f"{told['supply_days']} days of supply" in said
    assert f"due from {told['due_from']} to {told['due_to']}" in said
    assert f"Next due {told['due_from']} to {told['due_to']} our threshold" in said
    assert f"{told['residual_ml']} mL of {told['volume_ml']} mL" in said
    assert f"Flow {told['flow_ml_per_day']} mL a day" in said
    assert f"Dry {told['dry']}" in said
    assert f"Alarm {told['low_reservoir_alarm'] or 'not known'}" in said
    for one in told["drugs"]:
        assert f"{one['drug']} {one['amount']} {one['daily_dose']}" in said
    if told["allowed"] is None:
        assert f"What is allowed is not known: {told['reason']}" in said
        assert "No total:" in said
    else:
        dollars = f"${float(told['allowed']):,.2f}"
        assert f"Allowed if compounded: {dollars}" in said
        assert f"rounded once to the cent {dollars} P2 , P3" in said


def test_the_derivation_is_that_of_the_command_line(client: TestClient, run: Any) -> None:
    told = run(
        "price", "Morphine 400 mg, Bupivacaine 100 mg", "--on", "2025-03-10", "--format", "json"
    ).json
    said = answer(client, *FILL, *MIXTURE)
    assert "Morphine 400 mg × $0.0500 per mg $20.00 P5" in said
    assert "Compounding fee 1 refill × $60.00 per refill $60.00 P3" in said
    for one in told["pricing"]:
        assert f"{one['amount']} {one['unit']}" in said
        assert f"${one['extended']}" in said


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ([("volume", "0"), ("flow", "1")], "the volume must be more than zero"),
        ([("volume", "-3"), ("flow", "1")], "'-3' is negative; write a volume as 20 mL"),
        ([("volume", "2"), ("residual", "3"), ("flow", "1")], "leaves nothing of 2 mL"),
        ([("volume", "20"), ("flow", "0")], "the dose or flow must be more than zero"),
        ([("pump", "synchromed-ii-20"), ("volume", "21"), ("flow", "1")], "holds 20 mL, not 21"),
        ([("pump", "nope"), ("flow", "1")], "no pump is called 'nope'"),
        ([*FILL, *MIXTURE[:5], ("drug", "Bupivacaine"), ("strength", "5"), ("strength_unit", "mg/mL"), ("dose", "2"),
          ("dose_unit", "mg/day")], "the doses do not fit one mixture"),
        ([*FILL, *MIXTURE, ("flow", "1")], "give the dose or the flow, not both"),
        ([("volume", "20"), ("flow", "1"), ("on", "2025-02-30")], "'2025-02-30' is no date"),
        ([("volume", "20"), ("flow", "1"), ("on", "9999-12-31")], "beyond the calendar"),
        ([("volume", "9" * 61), ("flow", "1")], "a field holds at most 60 characters"),
        ([("volume", "20")] + [("drug", "a")] * 13, "at most 12 drugs"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_the_librarys_sentence(
    client: TestClient, pairs: list[tuple[str, str]], sentence: str
) -> None:
    part = client.get(address(*pairs), headers=HTMX)
    said = re.search(r'id="refill-said".*?</div>', part.text, re.DOTALL)
    assert said is not None
    assert sentence in said[0].replace("&#39;", "'")
    assert "<img" not in part.text
    page = client.get(address(*pairs))
    assert page.status_code == 422
    assert sentence in page.text.replace("&#39;", "'")
    picture = client.get(address(*pairs, path="/refill/level.svg"))
    assert picture.status_code == 422
    assert sentence in picture.text.replace("&#39;", "'")


def test_what_is_still_to_be_typed_is_named(client: TestClient) -> None:
    assert "Give the volume or the pump" in answer(client)
    assert "Still to give: a drug with its concentration and dose" in answer(client, *FILL)
    assert (
        "Still to give: the concentration of Morphine; the dose of Morphine, or the flow"
        in answer(client, *FILL, ("drug", "Morphine"))
    )
    assert client.get(address(*FILL, path="/refill/level.svg")).status_code == 422


def test_one_dose_of_a_mixture_is_enough(client: TestClient) -> None:
    partly = answer(client, *FILL, *MIXTURE[:8])
    assert "120 days of supply" in partly
    assert "Bupivacaine 100 mg 750 mcg" in partly


def test_the_price_does_not_wait_for_the_dose(client: TestClient) -> None:
    said = answer(client, *FILL, *MIXTURE[:3], *MIXTURE[5:8])
    assert "$84.00 allowed if compounded" in said
    assert "For the supply give the dose of Morphine, or the flow." in said
    assert "rounded once to the cent $84.00" in said
    assert "days of supply" not in said
    page = words(client.get(address(*FILL, *MIXTURE[:3], *MIXTURE[5:8])).text)
    assert "$84.00 allowed if compounded" in page


def test_what_can_hardly_be_and_what_has_no_fee_is_said(client: TestClient) -> None:
    strong = [("drug", "Clonidine"), ("strength", "200"), ("strength_unit", "mg/mL")]
    said = answer(client, *FILL, *strong)
    assert "Clonidine 200 mg/mL can hardly be: the highest plausible concentration is" in said
    other = [("drug", "Verapamil"), ("strength", "2"), ("strength_unit", "mg/mL"), ("dose", "1")]
    said = answer(client, *FILL, *other)
    assert "What is allowed is not known: verapamil has no fee in the article" in said
    price = client.post(
        "/refill/price", data={"text": "morphine 400 mg, verapamil 2 mg", "csrf": token_of(client)}
    )
    assert "Verapamil has no fee in the article" in words(price.text)


def test_an_unnamed_drug_is_not_priced(client: TestClient) -> None:
    said = answer(client, *FILL, ("strength", "20"), ("dose", "3"))
    assert "120 days of supply" in said
    assert "not known: name the drug with its concentration" in said


def test_the_address_refills_the_form(client: TestClient) -> None:
    part = client.get(address(*FILL, *MIXTURE), headers=HTMX)
    replaced = part.headers["HX-Replace-Url"]
    page = client.get(replaced).text
    for value in ("20", "2025-03-10", "Morphine", "Bupivacaine", "0.75"):
        assert f'value="{value}"' in page
    assert "120 days of supply" in page
    assert client.get(replaced, headers=HTMX).headers["HX-Replace-Url"] == replaced


def test_the_picture_says_in_words_what_it_shows(
    client: TestClient, run: Any, tmp_path: Any
) -> None:
    page = client.get(address(*FILL, *MIXTURE)).text
    found = re.search(r'<img class="picture" src="([^"]+)" alt="([^"]+)"', page)
    assert found is not None
    picture = client.get(found[1].replace("&amp;", "&"))
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert "public" not in picture.headers["cache-control"]
    assert f"<desc>{found[2]}</desc>" in picture.text
    drawn = tmp_path / "level.svg"
    run("refill", "--volume", "20", "--on", "2025-03-10", "--concentration", "Morphine 20 mg/mL",
        "--concentration", "Bupivacaine 5 mg/mL", "--dose", "3 mg/day", "--dose", "0.75 mg/day", "--plot", drawn)  # fmt: skip
    assert re.sub(r"clip\d+", "", drawn.read_text()) == re.sub(r"clip\d+", "", picture.text)


def test_a_switched_threshold_changes_answer_and_picture(client: TestClient) -> None:
    before = client.get(address(*FILL, *MIXTURE)).text
    fields = {"threshold:residual_volume": "5", "csrf": token_of(client)}
    assert client.post("/article/readings", data=fields).status_code == 303
    after = client.get(address(*FILL, *MIXTURE)).text
    assert "100 days of supply" in words(after)
    words_of = r'<img class="picture" [^>]*alt="([^"]+)"'
    assert re.findall(words_of, before) != re.findall(words_of, after)
    picture = client.get(address(*FILL, *MIXTURE, path="/refill/level.svg")).text
    assert f"<desc>{re.findall(words_of, after)[0]}</desc>" in picture


def test_names_with_markup_are_escaped(client: TestClient) -> None:
    hostile = [("drug", "<script>alert(1)</script>"), ("strength", "20"), ("dose", "3")]
    for headers in ({}, HTMX):
        text = client.get(address(*FILL, *hostile), headers=headers).text
        assert "<script>alert" not in text


def price(client: TestClient, **fields: str) -> Any:
    return client.post("/refill/price", data=fields | {"csrf": token_of(client)}, headers=HTMX)


def test_a_narrative_has_the_price_of_the_command_line(client: TestClient, run: Any) -> None:
    text = "morphine 20 mg/mL X 18 ML, bupivacaine 5 mg/mL X 18 ML"
    arguments = ("--on", "2024-03-05", "--charge", "70", "--deductible-left", "10")
    told = run("price", text, *arguments, "--format", "json").json
    said = words(price(client, text=text, on="2024-03-05", charge="70", deductible="10").text)
    assert f"${told['allowed']} allowed" in said
    assert f"Payable, the lower of allowance and charge: ${told['payable']}" in said
    for one in told["pricing"]:
        assert f"{one['amount']} {one['unit']} × $" in said
        assert f"${one['extended']}" in said
    assert f"Medicare pays ${told['estimate']['medicare_pays']}" in said
    assert f"The patient pays ${told['estimate']['patient_pays']}" in said


def test_parts_that_cannot_be_read_are_named(client: TestClient, run: Any) -> None:
    text = "morphine 360 mg, 7 potato"
    ran = run("price", text, "--on", "2024-03-05", "--format", "json")
    said = words(price(client, text=text, on="2024-03-05").text).replace("&#39;", "'")
    assert ran.json["problems"]
    for problem in ran.json["problems"]:
        assert problem in said
    assert "No price" in said


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"charge": "much"}, "'much' is no amount of dollars"),
        ({"charge": "-1"}, "'-1' is no amount of dollars"),
        ({"cartridges": "two"}, "'two' is no number of cartridges"),
        ({"cartridges": "101"}, "must be from 1 to 100"),
        ({"on": "2016-08-31"}, "article A55239 is effective from 2016-09-01"),
        ({"on": "soon"}, "'soon' is no date"),
        ({"text": "m" * 1001}, "at most 1000 characters"),
    ],
)
def test_wrong_fields_of_a_narrative_are_one_sentence(
    client: TestClient, fields: dict[str, str], sentence: str
) -> None:
    typed = {"text": "morphine 360 mg", **fields}
    assert sentence in price(client, **typed).text.replace("&#39;", "'")
    page = client.post("/refill/price", data={**typed, "csrf": token_of(client)})
    assert page.status_code == 422
    assert sentence in page.text.replace("&#39;", "'")


def test_an_estimate_that_cannot_be_leaves_the_price(client: TestClient) -> None:
    said = words(price(client, text="morphine 360 mg", on="2024-03-05", deductible="9999").text)
    assert "$78.00 allowed" in said
    assert "There is no estimate: the deductible left must be at least 0" in said


def test_without_scripts_the_forms_work(client: TestClient) -> None:
    page = client.post(
        "/refill/price",
        data={"text": "morphine 360 mg", "on": "2024-03-05", "csrf": token_of(client)},
    )
    assert page.status_code == 200
    assert "$78.00 allowed" in words(page.text)
    assert ">morphine 360 mg</textarea>" in page.text
    assert client.get("/refill/price").status_code == 200
    assert client.get("/refill").text.count('name="strength"') >= 4


def test_a_person_types_a_mixture_and_reads_supply_price_and_picture(
    browse: Callable[..., Page], run: Any
) -> None:
    page = browse("/refill")
    page.get_by_label("Volume (mL)").fill("20")
    page.get_by_label("Day of the fill").fill("2025-03-10")
    for number, (name, strength, dose) in enumerate(
        [("Morphine", "20", "3"), ("Bupivacaine", "5", "0.75"), ("Clonidine", "50", "7.5")], 1
    ):
        if number == 3:
            page.get_by_role("button", name="Add a drug").click()
        row = page.get_by_role("group", name=f"Drug {number}")
        row.get_by_label("Drug", exact=True).press_sequentially(name)
        row.get_by_label("Concentration", exact=True).press_sequentially(strength)
        row.get_by_label("Dose", exact=True).press_sequentially(dose)
    row.get_by_label("Unit of the concentration").select_option("mcg/mL")
    row.get_by_label("Unit of the dose").select_option("mcg/day")
    told = run("refill", "--volume", "20", "--on", "2025-03-10", "--concentration", "Morphine 20 mg/mL",
               "--concentration", "Bupivacaine 5 mg/mL", "--concentration", "Clonidine 50 mcg/mL",
               "--dose", "3 mg/day", "--dose", "0.75 mg/day", "--dose", "7.5 mcg/day", "--format", "json").json  # fmt: skip
    status = page.locator("#refill-said")
    status.get_by_text(f"${told['allowed']}").wait_for()
    assert status.get_attribute("role") == "status"
    assert f"{told['supply_days']} days of supply" in status.inner_text()
    picture = page.locator("img.picture")
    picture.wait_for()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("one => one.naturalWidth") > 100
    assert told["dry"] in str(picture.get_attribute("alt"))
    assert "drug=Clonidine" in page.url
    accessible(page)
    page.get_by_role("button", name="Remove drug 3").click()
    page.get_by_text("$84.00").first.wait_for()
    assert page.get_by_role("group", name="Drug 3").count() == 0
    again = browse(page.url)
    again.locator("#refill-said").get_by_text("$84.00").wait_for()
    page.get_by_label("Volume (mL)").fill("1")
    status.get_by_text("leaves nothing of 1 mL").wait_for()
    assert page.locator("img.picture").count() == 0


def test_a_person_types_a_narrative_and_reads_its_price(browse: Callable[..., Page]) -> None:
    page = browse("/refill")
    page.get_by_label("Drugs and amounts").press_sequentially("morphine 20 mg/mL X 18 ML")
    page.get_by_label("Charge ($)").fill("50")
    page.locator("#price-said").get_by_text("$50.00").wait_for()
    assert "$78.00 allowed" in page.locator("#price-said").inner_text()
    page.get_by_label("Drugs and amounts").fill("morphine 20 mg/mL X 18 ML, 7 potato")
    page.locator("#price-answer").get_by_text("potato").wait_for()
    accessible(page)
    assert "potato" not in page.url


@pytest.mark.parametrize(
    "path", ["/refill", address(*FILL, *MIXTURE), address(("volume", "0"), ("flow", "1"))]
)
def test_the_calculator_is_accessible(browse: Callable[..., Page], path: str) -> None:
    for look in ({}, {"dark": True}, {"width": 390}):
        page = browse(path, **look)
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= look.get("width", 1280)


def test_pictures_asked_for_at_once_are_each_ones_own(client: TestClient) -> None:
    def draw(volume: int) -> str:
        pairs = (("volume", str(volume)), ("flow", "0.25"), ("on", "2025-03-10"))
        return client.get(address(*pairs, path="/refill/level.svg")).text

    with ThreadPoolExecutor(8) as pool:
        for volume, picture in zip(range(10, 34), pool.map(draw, range(10, 34)), strict=True):
            assert f"<title>{volume} mL, 0.25 mL a day" in picture
