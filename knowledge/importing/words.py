"""Every sentence of the import that a person sees: refusals, reasons for leaving text out, and things to look at."""

from __future__ import annotations

REFUSED = "{path}：{what}。{remedy}。"

EMPTY = ("文件是空的", "请确认选对了文件，再导入一次")
NO_FILE = ("没有这个文件", "请检查文件名和路径")
NOT_A_FILE = ("不是一个普通文件", "请给出文件本身，而不是文件夹或设备")
UNREADABLE = ("文件读不出来（{reason}）", "请检查文件权限")
TOO_LARGE = ("文件有 {size} 字节，超过上限 {limit} 字节", "请删去图片等无关内容，或拆成几份再导入")
UNKNOWN_ENDING = ("不能导入以「{ending}」结尾的文件", "可以导入 {known}；旧式 .doc 请先另存为 .docx")
MACRO_ENDING = ("这是带宏的 Word 文件（{ending}）", "请在 Word 里另存为不带宏的 .docx 再导入")
WRONG_CONTENT = ("文件名是 {ending}，内容却是「{found}」", "请改成正确的文件名，或重新另存后再导入")
OLD_OR_LOCKED = ("内容是旧式 .doc 或设了打开密码的文件", "请去掉密码，并另存为 .docx 再导入")
NUL = ("第 {line} 行有空字符（NUL），这不是文本文件", "请用文字处理软件另存为 UTF-8 文本")
CONTROL = ("第 {line} 行有看不见的控制字符 {code}", "请删去它再导入（它会让看到的文字与实际的不同）")
BROKEN_ENCODING = ("第 {line} 行起不是 UTF-8，也不是 GB18030", "请用原来的软件打开，另存为 UTF-8")
BAD_ID = ("编号「{id}」不能用", "编号应为 1–64 个字母、数字或 . _ -，以字母或数字开头，例如 tongzhi-2024")
BAD_ZIP = ("不是完好的 .docx 文件（{reason}）", "请用 Word 打开并另存一次")
ZIP_ENTRIES = ("压缩包里有 {count} 个文件，超过上限 {limit} 个", "这不像正常的 Word 文件，请重新另存")
ZIP_SIZE = ("解开后有 {size} 字节，超过上限 {limit} 字节", "这不像正常的 Word 文件；请删去图片后重新另存")
ZIP_RATIO = ("{name} 解开后膨胀 {ratio} 倍，像是压缩炸弹", "不予解开；请向发文单位要一份正常的文件")
ZIP_NAME = ("压缩包里的文件名「{name}」越出了文件夹", "不予解开；请重新另存为 .docx")
MACROS = ("里面有宏（{name}）", "请在 Word 里另存为不带宏的 .docx 再导入")
ENTITY = ("{name} 里有实体或文档类型声明", "正常的 Word 文件没有它，不予读取；请重新另存")
EXTERNAL = ("{name} 要从外面取「{target}」", "请在 Word 里断开这个链接（模板、图片或对象），另存后再导入")
BAD_DOCX = ("Word 文件的内容读不懂（{reason}）", "请用 Word 打开并另存一次")
ENCRYPTED = ("PDF 设了密码", "请去掉密码，另存后再导入")
BAD_PDF = ("PDF 读不懂（{reason}）", "请重新导出 PDF，或改用 Word 文件")
SCANNED = ("PDF 的 {pages} 页都没有文字，像是扫描件", "请先做文字识别（OCR）并核对，或改用 Word 文件")
TOO_MANY_PAGES = ("PDF 有 {pages} 页，超过上限 {limit} 页", "请拆成几份再导入")
TOO_DEEP = ("网页的标签套得太深", "请只留正文，另存后再导入")
NO_TEXT = ("没有读到文字", "请确认正文不是图片")
NO_CLAUSES = ("没有找到可以成条的文字", "请确认正文完整，或按「一、」「（一）」「1.」给各条编号")
LONG_CLAUSE = ("{place} 的一条有 {length} 字，超过上限 {limit} 字", "请在原文里给它分条编号")
LOST = "导入中止：有文字没有着落（缺：{lost}；多：{more}）。请把这份文件交给维护人员。"
LOST_SPAN = "导入中止：来源第 {start} 字起的「{words}」既不在条款里，也没有列为略去。请把这份文件交给维护人员。"
THERE_ALREADY = "{folder} 已经有了，没有改动它。请另给 --out，或加 --force 换掉它。"
FOREIGN_FOLDER = "{folder} 里不是导入生成的草稿，没有改动它。请另给 --out。"
CANNOT_WRITE = "{folder} 写不进去（{reason}）。请检查磁盘空间和权限，或另给 --out。"

READING = "读取文件"
FINDING = "划分条款"
CHECKING = "核对位置"
SUGGESTING = "拟写问题"

BLANK, NUMBER, ORNAMENT = "空白", "编号", "装饰符号"
TITLE, DOCUMENT_NUMBER, ADDRESSEES, SIGNATURE, DATE = "标题", "文号", "主送机关", "落款", "日期"
PAGE_NUMBER, ATTACHMENT, CLOSING = "页码", "附件", "版记"
HEADER_FOOTER, HIDDEN, DELETED, FOOTNOTE, COMMENT = "页眉页脚", "隐藏文字", "修订中删去的文字", "脚注尾注", "批注"
MARKUP = "标记符号"

TO_FILL = "待填"

NOTE_GB18030 = "文件不是 UTF-8，已按 GB18030 读取；请看看有没有乱码"
NOTE_ZERO_WIDTH = "有 {count} 个看不见的零宽字符，原样保留；引用时可能搜不到，建议删去后重新导入"
NOTE_STRANGE = "有 {count} 个无法显示的字符（乱码或自造字），请对照原件"
NOTE_NUMBERS = "有 {count} 个自动编号，已照 Word 显示的样子写进来源，请核对"
NOTE_UNKNOWN_NUMBER = "有自动编号的样式认不出（{form}），按 1、2、3 写出"
NOTE_TABLE = "有表格：每行写成一段，各格以「｜」隔开；合并的单元格请核对"
NOTE_INSERTED = "有未接受的修订：新增的字已读入，删去的字已略去；请先定稿"
NOTE_OBJECTS = "有图片或内嵌对象，里面的文字没有读入"
NOTE_LINKS = "有 {count} 处网址链接，只取了显示的文字"
NOTE_SCRIPTS = "去掉了网页里的脚本和样式"
NOTE_EMPTY_PAGE = "这一页没有文字，可能是图片"
NOTE_REFLOW = "已把 PDF 里断开的行接成段落，请留意段落的起止"
NOTE_MARKDOWN = "去掉了 Markdown 的标记符号"

LOOK_FIELD = "没有找到{field}，写成「{value}」；请在 YAML 里改好"
LOOK_FIELD_GUESSED = "{field}是猜的：「{value}」；请核对"
LOOK_HEADING = "「{words}」没有编号，当作标题；请核对"
LOOK_BARE_NUMBER = "单独成行的数字当作编号（共 {count} 处）；请核对不是页码"
LOOK_GAP = "编号不连续：{before} 之后是 {after}"
LOOK_REPEATED = "编号 {number} 重复，这一条的编号写成 {id}"
LOOK_LONG = "这一条有 {length} 字，太长；建议分成几条"
LOOK_SHORT = "这一条只有 {length} 字：「{words}」；请核对是不是断开了"
LOOK_EMPTY_SECTION = "标题「{words}」下面没有内容"
LOOK_LEFT = "略去了{reason}：「{words}」"
LOOK_TAIL = "这一段在落款之后，没有成条：「{words}」；若是附件正文，请另行导入"
LOOK_UNNUMBERED = "有 {count} 段没有编号，各自成条；请核对分段"

REPORT_HEAD = "《{title}》的草稿：{clauses} 条（{headings} 个标题），来源 {characters} 字。"
REPORT_COVERED = "来源的每个字都有着落：成条 {covered} 字，略去 {left} 字（{reasons}）。"
REPORT_LOOK = "请人工核对 {count} 处："
REPORT_FINE = "没有发现需要人工核对的地方。"
REPORT_LEFT = "略去的文字："
REPORT_REMOVED = "没有写进来源的文字："
SUGGESTIONS_HEAD = (
    "# 按规则从条款字词拟出的问题，只供挑选，不会自动生效。",
    "# 采用哪一句，就把它的 use 改成 true（文字可以改），再运行 jianfu kb adopt 草稿文件夹。",
)
DOCUMENT_HEAD = (
    "# 《{title}》：条款逐字取自 source，[start, end) 是其字符位置。",
    "# 由 jianfu kb import 从 {file} 生成，发布前请人工核对（见 report.txt）。",
)
