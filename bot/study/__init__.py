"""Learning alone: cards of quiz items that come back by FSRS, and how well each clause is known. Knows no channel.

    study = Study(state.cards, state.reminders, knowledge)   # one for each knowledge base; cheap to keep
    today = study.today(person, now)                         # due and new tasks, each an item and its showing number
    outcome = study.answer(person, task.item.id, choice, task.showing, now)

`person` is a name such as "telegram:42" or "web:…", hashed before it is kept; `now` is a datetime in UTC. Each answer is
committed before it is returned, so a person may stop at any moment and go on anywhere.
"""

from bot.study.reminding import Due
from bot.study.standing import Level, Standing
from bot.study.study import InvalidChoice, Outcome, Study, Task, Today, UnknownItem

__all__ = ["Due", "InvalidChoice", "Level", "Outcome", "Standing", "Study", "Task", "Today", "UnknownItem"]
