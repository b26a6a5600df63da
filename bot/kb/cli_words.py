"""What `jianfu kb import | adopt | lint` say on the terminal."""

from __future__ import annotations

IMPORT_HELP = "把一份通知（txt、md、docx、PDF、html）变成草稿：分条、对齐原文、列出要人看的地方"
FILE_HELP = "要导入的文件"
ID_HELP = "通知的编号（字母、数字、. _ -），默认取文件名"
OUT_HELP = "草稿写到哪个文件夹（默认 drafts/编号）"
FORCE_HELP = "换掉已有的同名草稿"
JSON_HELP = "输出 JSON"
TITLE_HELP, SHORT_HELP, ISSUER_HELP, YEAR_HELP = "标题", "简称，如 通知", "发文单位", "年份"
ADOPT_HELP = "把草稿的 suggestions.yaml 里标了 use: true 的问题写进草稿"
DRAFT_HELP = "草稿文件夹"
LINT_HELP = "找出知识库里能用但不妥的地方：相近的条款、一问两处、编号、空标题、全半角、无人问到的条款"
LINT_FOLDER_HELP = "知识库或草稿文件夹（默认 config.yaml 的 knowledge.folder）"
ANSWERS_HELP = "再逐句试问，找出现在答到别处的问题（要载入模型；问题上万时要一小时左右）"

SAMPLE_HELP = "与 --answers 同用：只试问这么多个，每次挑的是同一批"
BAD_SAMPLE = "--sample {sample} 不行；应为 1 以上的整数，并与 --answers 同用。"

NEEDS_ID = "文件名「{name}」不能作编号；请用 --id 给出，例如 --id tongzhi-2024。"
BAD_YEAR = "--year {year} 不行；应为 1900–2200 的整数。"
WRITTEN = (
    "草稿已写到 {folder}。核对 report.txt 后，可用 jianfu kb lint {folder} 再查一遍；拟好的问题在 suggestions.yaml。"
)
ADOPTED = "写进了 {added} 个问题；还有 {waiting} 个没有标 use: true。"
CLEARED = "清理了 {folder} 里一天前中断的导入留下的 {count} 份半成品；写好的草稿没有动。"
BROUGHT_BACK = "上次换掉 {folder} 时中断了，已把原来的草稿放回。"
LINT_FINE = "没有发现问题。"
LINT_COUNT = "{errors} 处错误，{warnings} 处提醒。"
LINT_NO_FOLDER = "{folder} 不是知识库文件夹；里面应有 documents/。"
