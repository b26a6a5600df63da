"""The patterns that a follow-up is known by. Data only.

A walk through the notice (下一条, 还有吗, 原文怎么写) is known by a trigger and nothing else of content: the rest of the
question must be made of the phrases that stand around an address (words.FRAME).
"""

from __future__ import annotations

import re

_ONE = r"(?:一|那|那一|这一)"
_OF = "(?:(?:大|突出)?问题|措施|要求|规定)?"
NEXT = re.compile(
    rf"(?:下(?:面|边)?的?{_ONE}?|后(?:面|边)?的?{_ONE})[条点项个款]{_OF}|接下来(?:的|那)?(?:(?P<count>[两二三四五六七八九\d])[条点项个])?|[往接]着?[下后]面?(?:{_ONE}?[条点项个款])?|接着|继续"
    r"|^下一$|下面(?=呢?$)|^再?往?后面?$|next(?:one|measure|item|point|problem)?"
)
PREVIOUS = re.compile(
    rf"[退倒返]?回?到?(?:上(?:面|边)?的?一|前(?:面|边)?的?{_ONE})[条点项个款]{_OF}|往[上前]面?(?:{_ONE}?[条点项个款])?"
    r"|previous(?:one|measure|item|point|problem)?|(?:the)?onebefore"
)
#: 3呢, 3和5, and 4: numbers of items.
NUMBERS = re.compile(r"^(?:那么?|and)?第?(?P<numbers>\d(?:(?:[和与及、,，]|and)\d)*)(?:号|款)?呢?$")
#: 第三条是讲留痕的吗: a place without its heading, and what is asked of it.
PLACE_AND_MORE = re.compile(
    r"^(?:那么?)?(?P<place>第[一二三四五六七八九十\d]{1,2}[条点项款])(?P<asked>[^和与及、到至,，].{1,14})$"
)
STEP_OF_PROBLEMS = re.compile(r"[条点项个](?:大|突出)?问题|problem")
REST = re.compile(
    r"还有(?:别的|其[他它]的?|另外的?)?|(?:^|的|有)其[他它余]的?|别的|另外的?|[剩余][下余]的?(?:[一两二三四五六七八九十][条点项个])?|除了这[个条些]|除此(?:之|以)?外|此外|就(?:这|那)(?:么|几|一)?[些点条项个]?"
    r"|[只就]有?[这那](?:一|几)?[些点条项个]|没有?别的|没了|说完了|完了|anythingelse|whatelse|isthatall|others?"
)
#: Only what stands after the clause spoken of.
REST_AFTER = re.compile("后面|下面|往后|往下")
#: Asks for a list that stands within one clause: 还有吗 means the same list then.
LISTED = re.compile("谁参[加与]|有谁|哪些人|(?:哪|什么).{0,2}(?:单位|部门|机关|成员)|哪几家")
ALL = re.compile(r"(?P<count>[两二三四五六七八九十\d])[条点项个]都?|全部|都|逐条|每一?条|一条一条|各条")
SHOWING = re.compile("[说念讲读列看发贴]|介绍|展开")
COUNT = re.compile(r"(?:几|多少)[条点项个款]")
WHICH_HEADING = re.compile(
    r"^(?:那么?)?(?:这|那|它|该|上面那?)?一?(?:条|个|项|点|句)?(?:措施|规定|话)?(?:应该)?"
    r"(?:属于|归属|归在|归|在|是|属|算|出自|对应)(?:于|在)?(?:的?是)?(?:(?:哪|第几|什么)(?:一|几)?[个类块条]?大?"
    r"(?:问题|部分|块|方面)|问题几)(?:的|里|里面|下面?|之下|下面的|管|那?部分|措施)*$"
)
WHICH_CLAUSE = re.compile("第几[条点项款]|哪一?句话?|哪一?[条点项款]|出自哪里?儿?|出处|哪里写的|在哪里?儿?")
QUOTE = re.compile(
    r"原文|原话|原句|条文|全文|原封不动|逐字|一字不[差落漏]|完整的?(?:句子|内容|表述|说法|那?句?话?)|念|读|复制|贴"
    r"|originaltext|originalwording|original|exactwords|exactwording|exacttext|fulltext|quote|read(?:it|that)?(?:out)?"
)
AGAIN = re.compile(
    r"详细点?|具体点|[说讲展]得?(?:详细|具体|清楚|完整)一?点?|展开|再[说讲]|重新|重复|(?:说|讲)一?(?:说|讲|遍|下)|多说|确定|真的假的|真的(?=吗|么)|[没不][听看]?懂|换个说法|通俗|saythatagain|repeat|moredetails?"
)
SWAP = re.compile(
    r"^(?:那么?|哪|换成|换做|换作|改成|改为|如果是|如果换成|要是|若是|还有|至于|说到|轮到)?(?:那?个)?(?P<topic>[^呢,，。?？]{1,12}?)"
    r"(?:呢|又?(?:怎么样|如何|怎么说|怎么讲|怎么算)(?<!的))(?:[,，](?P<tail>.{1,6}))?$"
)
#: 那要是没批准呢: a case of the last question, not another topic.
CONDITION = re.compile(
    r"^(?:那么?)?(?:要是|如果|若是|假如|万一|倘若)(?!换成)(?=.{0,8}[没不未超已违被了到])(?P<case>[^,，]{2,10}?)(?:的话)?(?:呢|怎么办|又?怎么样|会怎样|会怎么样)$"
)
SWAP_BARE = re.compile(r"^(?:换成|换做|换作|改成|改为|那)(?P<topic>[^呢,，。?？吗么什怎谁哪几多]{2,8})$")
THAT_TOPIC = re.compile(
    r"^那个?(?P<topic>[^,，。?？]{2,8}?)(?P<tail>(?:行|可以|算数?|要|能|管用)吗|行不行|算不算数?|管不管用|可不可以|能不能|要不要)$"
)
SWAP_ALSO = re.compile(
    r"^(?:那么?)?(?P<topic>[^和与、,，]{2,6}?)(?:是不是)?(?:也|同样)(?:都|要|得|能|可以|会|是|算)?(?:一样|同样|这样|适用|减|砍|不行|行|算数|管用|如此|这么)?(?:减|算|办|要求|规定|执行)?(?:的)?"
    r"(?:吗|不|么|[按照][这那]个?(?:来|办|算|执行)?(?:吗|不|么)?)$"
)
ENGLISH_SWAP = re.compile(r"^(?:and |or |but )?(?:(?:what|how) about |and )(?:the |a )?(?P<topic>.{2,40})$")
ALSO = re.compile(r"^[^和与、]{2,5}也(?:参加|算|要|行|包括|包含|适用|在里面|在内|一样|不行|得)(?:吗|不|么)$")
#: A pronoun for something said before, with a plain noun after it and a preposition in front.
PRONOUN = re.compile(
    r"^(?:那么?|对于?|像|按|搞|干|做|在)?(?P<pronoun>他们|她们|它们?|(?:这|那|该)(?:一)?[条项句]|"
    r"(?:这|那)(?:种|类|样的?|些)(?:情况|情形|行为|做法|现象|单位|人|干部|事情?|东西|问题|会议?|文件|活动|部门|地方)|[这那](?=算|是不是|符合|违反|属于|合[规理法])|(?P<weak>这些|这个|那个|这样|那样|这|那))(?P<rest>.{1,9})$"
)
LATIN_PRONOUN = re.compile(r"(?<!^is )\b(?:it|they|them|those|these)\b(?! is)")
DEFINITION = re.compile(r"^(?:什么叫|什么是|何为|何谓)")
SOLUTION = re.compile(
    r"^(?:那么?|具体|总的|有)*(?:的?(?:解决|整治)?(?:方法|办法|措施|对策|招)(?:是|有)?(?:什么|哪些|呢)*|(?:要|应该|该|又)?(?:怎么|如何|怎样)(?:解决|治理?|整治|应对)(?:呢|的)?"
    r"|有(?:哪些|什么)(?:解决|整治)?(?:措施|办法|方法|对策|要求))$"
)
#: 我是说会议; 打错了，第六条. What is meant follows.
CORRECTION = re.compile(
    r"^(?:(?:不对|不是的?|不|错了|[说打写搞问弄]错了?|口误|更正一?下?)(?:[,，。!！\s]+|(?<=错了)|(?<=打错))(?:应该是|是|我?要问的?是?|我?想问的?是?|我问的?是?|我是问|我是说)?"
    r"|我?其实(?:是)?想?(?:问|说)的?是?|(?:不是|不对)?[,，]?我(?:其实)?(?:是说|说的?是|问的?是|是问|是想问|的?意思是|指的?是|是指)的?)(?=.{2})"
)
#: 不是文件，是会议.
NOT_THIS = re.compile(
    r"^(?:我)?不是(?:想)?(?:问|说|指)?的?(?P<wrong>[^,，吗]{1,10})[,，\s]+(?:我)?(?:想)?(?:而?是)?(?:想)?(?:问|说|指)?的?是?(?P<meant>.{2,20})$"
)
#: 回到刚才文件那个，地方也要遵守吗; 再说回问题二，第四条. What it returns to follows.
RETURN = re.compile(
    r"^(?:那么?)?(?:还是|再|我们)*(?:(?:回到|说回|回过头来?说?|问回|返回)(?:刚才|刚刚|前面|之前|最开始|一开始)?|还是说|接着说"
    r"|(?:刚才|刚刚|前面|之前|一开始|最开始)(?=那|说|问|讲|提|的|[^,，]{2,6}那[条个]))(?:你|我)?(?:说|问|讲|提)?(?:到|过)?的?(?:那个|那条)?(?:关于)?(?=.{2})"
)
SMALL_TALK = re.compile(
    r"^(?:你好|您好|hello|hi|在吗|谢谢[你您]?|多谢|辛苦[了啦]?|好[的嘞滴咧]?|嗯|哦|哈|没事了|再见|拜拜|ok|明白了?|知道了?|收到|早上好|下午好|[,，。!！])+$"
)
ABOUT_THE_BOT = re.compile(
    r"^(?:你是谁|你是什么|你叫什么.*|怎么用|你?能[问做干]什么|你?会什么|你?会做什么|有什么功能|可以问什么|现在?几点了?|几点了?|几号|几月几号)$"
)
