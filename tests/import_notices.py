"""Two invented notices, marked as samples, and the files they come in: Word with automatic numbers, PDF with broken lines.

`build_docx` and `build_pdf` write the files; `DOCX_CLAUSES` and `PDF_CLAUSES` are what an import has to find.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import docx
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from fpdf import FPDF
from fpdf.enums import AccessPermission, EncryptionMethod

from bot.quiz.export_pdf import font_file

#: (id, kind, parent, label, text)
Expected = tuple[str, str, str | None, str, str]

DOCX_TITLE = "青禾县人民政府办公室关于精简文件会议和规范基层报表的通知（样例）"
DOCX_LEAD = "为进一步减轻基层负担，让干部有更多时间和精力抓落实，经县人民政府同意，现就精简文件会议、规范基层报表有关事项通知如下："
#: (level from 0, text): level 0 is 一、, 1 is （一）, 2 is 1.
DOCX_ITEMS: tuple[tuple[int, str], ...] = (
    (0, "从严控制发文"),
    (1, "严格年度总量。以县政府和县政府办公室名义印发的文件，全年不超过120份，各部门印发到乡镇的文件比上年减少30%。"),
    (1, "压缩文件篇幅。政策性文件一般不超过8页，情况通报不超过3页，确需超过的，由发文单位主要负责人签字说明。"),
    (1, "不得层层转发。上级文件已经公开发布的，乡镇不再转发，不再制定没有实质内容的实施意见。"),
    (1, "规范发文程序"),
    (2, "每年1月底前，各部门向县政府办公室报送年度发文计划。"),
    (2, "计划外发文，应当提前5个工作日报县政府分管负责人审批。"),
    (2, "严禁以“工作提示”“温馨提醒”等形式变相发文。"),
    (0, "改进会议组织"),
    (1, "减少会议数量。全县性会议实行计划管理，每月第一周为“无会周”，除应急处置外，不得召开要求乡镇参加的会议。"),
    (1, "控制会议时间。县级会议一般不超过90分钟，部署性会议主讲人发言不超过30分钟，交流发言每人不超过5分钟。"),
    (1, "严控参会范围"),
    (2, "只安排与议题直接有关的单位参会，不得要求乡镇主要负责人陪会。"),
    (2, "能够视频参加的，一律不要求到县城集中。"),
    (1, "会后抓好落实。会议议定事项由主办部门在3个工作日内列出清单，明确责任单位和完成时限。"),
    (0, "规范基层报表"),
    (1, "实行报表准入。县统计局牵头建立基层报表目录，目录之外的报表，村（社区）有权拒绝填报。"),
    (1, "推进数据共享。县数据管理中心负责归集人口、低保、土地等基础数据，已经归集的数据不得要求村（社区）重复填报。"),
    (1, "报表清单如下。各单位按下表执行，未列入的一律停止。"),
    (1, "减少临时报数。临时性报表应当至少提前2天通知，一个季度内同一部门不得超过2次。"),
    (0, "强化督促落实"),
    (1, "县政府办公室会同县委督查室每半年开展1次评估，评估采取随机走访的方式，不要求基层准备书面材料。"),
    (1, "设立减负监督电话。对群众和基层干部反映的问题，7个工作日内办结并答复。"),
    (1, "对变相发文、随意开会、违规要表的单位，由县政府办公室约谈其主要负责人，一年内被约谈2次以上的予以通报。"),
)
DOCX_TABLE = (
    ("报表名称", "填报单位", "频次"),
    ("农业生产情况表", "乡镇", "每季度1次"),
    ("低保对象变动表", "村（社区）", "每月1次"),
)
_TABLE_AFTER = 18  # the item that the table follows
_CHINESE = "一二三四五六七八九"


def docx_expected() -> list[Expected]:
    """Ids, kinds, parents, labels and texts of the Word notice."""
    top = "《通知》"
    found: list[Expected] = [("0", "background", None, f"{top}背景", DOCX_LEAD)]
    numbers = [0, 0, 0]
    for i, (level, words) in enumerate(DOCX_ITEMS):
        numbers[level] += 1
        numbers[level + 1 :] = [0] * (2 - level)
        identifier = ".".join(str(n) for n in numbers[: level + 1])
        label = f"{top}第{_CHINESE[numbers[0] - 1]}部分"
        if level:
            label += f"（{_CHINESE[numbers[1] - 1]}）"
        if level == 2:
            label += str(numbers[2])
        deeper = i + 1 < len(DOCX_ITEMS) and DOCX_ITEMS[i + 1][0] > level
        text = words
        if i == _TABLE_AFTER:
            text = "\n".join((words, *("｜".join(row) for row in DOCX_TABLE)))
        parent = ".".join(str(n) for n in numbers[:level]) or None
        found.append((identifier, "section" if deeper else "point", parent, label, text))
    return found


def build_docx(path: Path) -> None:
    """Write the Word file: real multi-level numbering, styles, a table, header and footer."""
    document = docx.Document()
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{shown}"/></w:lvl>'
        for level, (form, shown) in enumerate(
            (("chineseCounting", "%1、"), ("chineseCounting", "（%2）"), ("decimal", "%3."))
        )
    )
    numbering = document.part.numbering_part.element
    abstract = parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{levels}</w:abstractNum>')
    numbering.insert(0, abstract)
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
    document.sections[0].header.paragraphs[0].text = "样例文件，内容虚构"
    document.sections[0].footer.paragraphs[0].text = "第 1 页"
    document.add_paragraph("青政办发〔2024〕17号")
    document.add_paragraph(DOCX_TITLE, style="Title")
    document.add_paragraph("各乡镇人民政府，县政府各部门：")
    document.add_paragraph(DOCX_LEAD)
    for i, (level, text) in enumerate(DOCX_ITEMS):
        paragraph = document.add_paragraph(style="Heading 1" if level == 0 else None)
        half = len(text) // 2
        paragraph.add_run(text[:half])
        paragraph.add_run(text[half:]).bold = level == 1
        properties = paragraph._p.get_or_add_pPr()
        properties.append(
            parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="77"/></w:numPr>')
        )
        if i == _TABLE_AFTER:
            table = document.add_table(rows=0, cols=3)
            for row in DOCX_TABLE:
                for cell, words in zip(table.add_row().cells, row, strict=True):
                    cell.text = words
    document.add_paragraph("青禾县人民政府办公室")
    document.add_paragraph("2024年3月18日")
    document.add_paragraph("（此件公开发布）")
    document.save(str(path))


PDF_TITLE = "临溪市政务服务窗口管理办法（样例）"
#: (chapter title, articles); an article is its text, or its text with items.
PDF_CHAPTERS: tuple[tuple[str, tuple[str | tuple[str, tuple[str, ...]], ...]], ...] = (
    ("总则", (
        "为规范全市政务服务窗口管理，方便群众和企业办事，减轻窗口工作人员不必要的负担，结合本市实际，制定本办法。",
        "本办法适用于市、县（区）、乡镇（街道）三级政务服务中心设置的各类窗口。",
        "窗口管理坚持便民高效、公开透明、减材料减环节减时限的原则。",
    )),
    ("窗口设置", (
        "市政务服务管理局负责全市窗口的统一规划，县（区）政务服务管理机构负责本辖区窗口的日常管理。",
        ("政务服务中心应当设置下列窗口：", (
            "综合受理窗口，统一受理跨部门事项；",
            "帮办代办窗口，为老年人、残疾人等群体提供帮助；",
            "“办不成事”反映窗口，专门受理群众办事不顺的情况。",
        )),
        "同一楼层的窗口不少于2个时，应当设置排队叫号设备，群众平均等候时间不超过15分钟。",
        "未经市政务服务管理局同意，任何部门不得在政务服务中心之外另设窗口。",
    )),
    ("服务要求", (
        "窗口实行首问负责制，首问责任人应当一次性告知办理条件、所需材料和办理时限，不得以不属于本窗口职责为由推诿。",
        ("窗口工作人员不得有下列行为：", (
            "要求群众提供已经共享的证明材料；",
            "以系统维护为由拒绝受理申请；",
            "在工作时间从事与工作无关的活动；",
            "收受办事群众的礼品、礼金。",
        )),
        "一般事项应当在5个工作日内办结，情况复杂的，经窗口负责人批准可以延长3个工作日，并书面告知申请人。",
        "每周六上午9时至12时提供延时服务，具体事项由各县（区）向社会公布。",
    )),
    ("监督管理", (
        "市政务服务管理局每季度对窗口开展1次评价，评价以群众满意度为主，不得要求窗口单位制作台账、展板。",
        "群众可以通过12345热线进行投诉，受理单位应当在2个工作日内联系投诉人，10个工作日内反馈结果。",
        "对连续两次评价为差的窗口，由市政务服务管理局责令限期整改，整改期限不超过30日。",
        "窗口工作人员违反本办法规定的，由所在单位给予批评教育；情节严重的，依规依纪依法处理。",
    )),
    ("附则", (
        "本办法由市政务服务管理局负责解释。",
        "本办法自2024年7月1日起施行，有效期3年。",
    )),
)  # fmt: skip
PDF_HEADER = "临溪市政务服务管理局文件（样例，内容虚构）"


def _numeral(number: int) -> str:
    return _CHINESE[number - 1] if number < 10 else "十" + (_CHINESE[number - 11] if number > 10 else "")


def pdf_expected() -> list[Expected]:
    """Ids, kinds, parents, labels and texts of the PDF notice."""
    top = "《办法》"
    found: list[Expected] = []
    article = 0
    for c, (title, articles) in enumerate(PDF_CHAPTERS, 1):
        found.append((f"c{c}", "section", None, f"{top}第{_numeral(c)}章", title))
        for entry in articles:
            article += 1
            text, items = entry if isinstance(entry, tuple) else (entry, ())
            label = f"{top}第{_numeral(article)}条"
            found.append((str(article), "section" if items else "point", f"c{c}", label, text))
            found.extend(
                (f"{article}.{i}", "point", str(article), f"{label}（{_numeral(i)}）", item)
                for i, item in enumerate(items, 1)
            )
    return found


def pdf_paragraphs() -> list[str]:
    """The body as printed, a paragraph an entry; chapters are centred."""
    found, article = [], 0
    for c, (title, articles) in enumerate(PDF_CHAPTERS, 1):
        found.append(f"第{_numeral(c)}章　{title}")
        for entry in articles:
            article += 1
            text, items = entry if isinstance(entry, tuple) else (entry, ())
            found.append(f"第{_numeral(article)}条　{text}")
            found.extend(f"（{_numeral(i)}）{item}" for i, item in enumerate(items, 1))
    return found


def build_pdf(path: Path, *, password: str = "") -> None:
    """Write the PDF: lines broken inside sentences, a header and page numbers on each page."""
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    font = font_file("serif")
    assert font is not None

    class Printed(FPDF):
        def header(self) -> None:
            self.set_font("body", size=9)
            self.cell(0, 8, PDF_HEADER, align="C", new_x="LMARGIN", new_y="NEXT")
            self.ln(6)

        def footer(self) -> None:
            self.set_y(-15)
            self.set_font("body", size=9)
            self.cell(0, 8, f"— {self.page_no()} —", align="C")

    pdf: Any = Printed(format=(148, 210))
    pdf.add_font("body", fname=font[0], collection_font_number=font[1])
    pdf.set_auto_page_break(True, margin=22)
    if password:
        pdf.set_encryption(owner_password="owner", user_password=password, permissions=AccessPermission.none(),
                           encryption_method=EncryptionMethod.RC4)  # fmt: skip
    pdf.add_page()
    pdf.set_font("body", size=16)
    pdf.cell(0, 12, PDF_TITLE, align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("body", size=10)
    pdf.cell(0, 10, "（2024年6月3日发布）", align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("body", size=12)
    for paragraph in pdf_paragraphs():
        if "章　" in paragraph[:5]:
            pdf.cell(0, 9, paragraph, align="C", new_x="LMARGIN", new_y="NEXT")
            continue
        per_line = int((pdf.epw - 1) / pdf.get_string_width("国"))
        text = "　　" + paragraph
        while text:
            end = per_line
            while pdf.get_string_width(text[: end + 1]) < pdf.epw - 1 and end < len(text):
                end += 1
            indent = len(text) - len(text.lstrip("　"))
            pdf.set_x(pdf.l_margin + indent * pdf.get_string_width("国"))
            pdf.cell(0, 7, text[indent:end], new_x="LMARGIN", new_y="NEXT")
            text = text[end:]
    pdf.output(str(path))
