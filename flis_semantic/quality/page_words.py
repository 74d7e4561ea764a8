"""What a unit's quality page says in its own words, by language, and how it looks."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "title": {"da": "Datakvalitet", "en": "Data quality"},
    "as_of": {"da": "Frister opgjort pr.", "en": "Deadlines as of"},
    "synthetic": {"da": "Siden indeholder opdigtede data.", "en": "This page has made-up data."},
    "needs": {"da": "Det har vi brug for fra jer", "en": "What we need from you"},
    "nothing_needed": {"da": "Intet lige nu. Tak!", "en": "Nothing right now. Thank you!"},
    "need_overdue": {"da": "Send leverancer, hvis frist er overskredet", "en": "Send deliveries that are overdue"},
    "need_held": {"da": "Bekræft eller ret tal, der holdes tilbage", "en": "Confirm or correct numbers that are held back"},
    "need_correct": {
        "da": "Ret rækker, der er sat til side, i kilden, og levér igen",
        "en": "Correct set-aside rows at the source and deliver again",
    },
    "need_gap": {"da": "Send ændringsleverancer, der mangler i rækken", "en": "Send the changes that lack in the sequence"},
    "need_check": {"da": "Kontrollér rækker, der er med, men ser forkerte ud", "en": "Check rows that are used but look wrong"},
    "index": {"da": "Antal punkter på hver side", "en": "Number of points on each page"},
    "unit": {"da": "Enhed", "en": "Unit"},
    "index_overdue": {"da": "Mangler", "en": "Overdue"},
    "index_held": {"da": "Holdt tilbage", "en": "Held back"},
    "index_correct": {"da": "Skal rettes", "en": "To correct"},
    "index_gap": {"da": "Huller i rækken", "en": "Gaps in the sequence"},
    "index_check": {"da": "Bør ses efter", "en": "To check"},
    "was_due": {"da": "frist", "en": "due"},
    "days_late": {"da": "dage over fristen", "en": "days late"},
    "periods": {"da": "perioder", "en": "periods"},
    "numbers": {"da": "nr.", "en": "no."},
    "rows_wait": {"da": "rækker venter", "en": "rows wait"},
    "rows": {"da": "rækker", "en": "rows"},
    "totals": {"da": "Jeres rækker", "en": "Your rows"},
    "you": {"da": "Jer", "en": "You"},
    "everybody": {"da": "Alle", "en": "Everybody"},
    "months": {"da": "Udvikling efter modtagelsesmåned", "en": "Trend by month of receipt"},
    "sources": {"da": "Efter leverance", "en": "By source"},
    "suppliers": {"da": "Efter system eller leverandør", "en": "By system or supplier"},
    "rules": {"da": "Regler, der har ramt", "en": "Rules that hit"},
    "calendar": {"da": "Leverancekalender (seneste perioder)", "en": "Calendar of deliveries (latest periods)"},
    "deliveries_newest": {"da": "Seneste leverancer med jeres rækker", "en": "Newest deliveries with your rows"},
    "reading": {"da": "Sådan læses siden", "en": "How to read this page"},
    "how": {
        "da": (
            "Leveret = godtaget + sat til side. En række sættes til side, når den bryder en regel, og den indgår ikke i noget "
            "nøgletal, før den er rettet i kilden og leveret igen. Advarsler er rækker, der er med, men bør "
            "ses efter; fund på tværs er af regler, der holder tabeller op mod hinanden. "
            "Hver leverance tæller én gang, med den nyeste bedømmelse. Øverst står kun det, der stadig gælder: fejl i leverancer, "
            "der er erstattet af en nyere, står i tallene, men kræver intet. En leverandør kan prøve en fil af med "
            "flis receive --dry-run, før den sendes. Fristens egen dag er rettidig."
        ),
        "en": (
            "Delivered = accepted + set aside. A row is set aside when it breaks a rule, and it is in no key figure until it is corrected "
            "at the source and delivered again. Warnings are rows that are used, but "
            "deserve a look; findings across tables are of rules that hold tables against each other. "
            "Every delivery counts once, with its newest verdict. On top stands only what still counts: faults in deliveries "
            "that a newer one has replaced are in the figures, but ask for nothing. A supplier can try a file with "
            "flis receive --dry-run before sending it. The day of a deadline is in time."
        ),
    },
    "source": {"da": "Leverance", "en": "Source"},
    "supplier": {"da": "System", "en": "System"},
    "month": {"da": "Måned", "en": "Month"},
    "deliveries": {"da": "Leverancer", "en": "Deliveries"},
    "delivered": {"da": "Leveret", "en": "Delivered"},
    "accepted": {"da": "Godtaget", "en": "Accepted"},
    "set_aside": {"da": "Sat til side", "en": "Set aside"},
    "set_aside_pct": {"da": "Sat til side, pct.", "en": "Set aside, %"},
    "everybody_set_aside_pct": {"da": "Alle, pct.", "en": "Everybody, %"},
    "warned": {"da": "Advarsler", "en": "Warnings"},
    "flagged": {"da": "Fund på tværs", "en": "Across tables"},
    "rule": {"da": "Regel", "en": "Rule"},
    "action": {"da": "Følge", "en": "Consequence"},
    "rows_hit": {"da": "Rækker", "en": "Rows"},
    "rows_pct": {"da": "Pct. af leveret", "en": "% of delivered"},
    "action_set_aside": {"da": "sat til side", "en": "set aside"},
    "action_warn": {"da": "advarsel", "en": "warning"},
    "action_flag": {"da": "markeret", "en": "flagged"},
    "action_repair": {"da": "rettet", "en": "repaired"},
    "action_hold": {"da": "holdt tilbage", "en": "held back"},
    "action_file": {"da": "fund om filen", "en": "about the file"},
    "period": {"da": "Periode", "en": "Period"},
    "due_date": {"da": "Frist", "en": "Due"},
    "status": {"da": "Status", "en": "Status"},
    "received_on": {"da": "Modtaget", "en": "Received"},
    "late": {"da": "Dage over", "en": "Days late"},
    "reason": {"da": "Grund", "en": "Reason"},
    "status_in_time": {"da": "til tiden", "en": "in time"},
    "status_late": {"da": "for sent", "en": "late"},
    "status_overdue": {"da": "mangler", "en": "overdue"},
    "status_awaited": {"da": "ventes", "en": "awaited"},
    "status_exempt": {"da": "fritaget", "en": "exempt"},
    "delivery_id": {"da": "Nr.", "en": "No."},
    "received_at": {"da": "Modtaget", "en": "Received"},
    "file": {"da": "Fil", "en": "File"},
    "verdict": {"da": "Bedømmelse", "en": "Verdict"},
    "verdict_accepted": {"da": "godtaget", "en": "accepted"},
    "verdict_accepted_with_warnings": {"da": "godtaget med bemærkninger", "en": "accepted with remarks"},
    "verdict_refused": {"da": "afvist", "en": "refused"},
}

STYLE = """
body{font:15px/1.45 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:64rem;margin:0 auto;padding:1.5rem}
header{border-bottom:3px solid #1b4965;margin-bottom:1rem}
header p{margin:.2rem 0;color:#444}
h1{margin:.1rem 0;font-size:2rem}
h1 small{font-weight:400;color:#555;font-size:1.1rem}
h2{font-size:1.2rem;margin:1.8rem 0 .5rem;color:#1b4965}
h3{font-size:1rem;margin:.9rem 0 .3rem}
.beside{color:#5a5a5a;font-style:italic;font-weight:400;font-size:.88em}
.note{font-weight:600;color:#7a4b00}
.needs{background:#fff6e5;border:1px solid #d9a441;border-left-width:6px;padding:.2rem 1.1rem .7rem;margin:1rem 0}
.needs ul{margin:.2rem 0;padding-left:1.2rem}
.needs li{margin:.2rem 0}
table{border-collapse:collapse;width:100%;font-size:.88rem}
th,td{text-align:left;vertical-align:top;padding:.28rem .5rem;border-bottom:1px solid #d5d5d5;overflow-wrap:break-word}
th{border-bottom:2px solid #1b4965;font-weight:600}
th .beside{display:block}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;overflow-wrap:normal}
th.n{white-space:normal}
.bar{background:#1b4965;height:.8rem;min-width:1px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
td:last-child:has(.bar){width:25%}
.overdue,.late{font-weight:600;color:#9b1c1c}
code{font-size:.9em;overflow-wrap:anywhere}
@page{size:A4;margin:15mm}
@media print{body{font-size:10pt;max-width:none;padding:0}tr,li{break-inside:avoid}h2,h3{break-after:avoid}}
"""
