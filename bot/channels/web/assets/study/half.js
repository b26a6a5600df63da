// An answer that is not given yet, kept in this tab alone: a reload finds it half-made as it was.

const KEY = "jianfu-half";

/** What was chosen of this task, or `none`; an entry of another task is nothing. */
export function halfMade(task, none) {
  try {
    const { of, choice } = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    return of === nameOf(task) && Array.isArray(choice) && choice.every((one) => one === null || one < task.options.length) ? choice : none;
  } catch {
    return none; // no storage, or somebody else's entry
  }
}

/** Keeps what is chosen so far; null forgets it. */
export function keepHalf(task, choice) {
  try {
    if (choice === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify({ of: nameOf(task), choice }));
  } catch {
    // without storage a reload begins anew
  }
}

const nameOf = (task) => `${task.item}:${task.showing}`;
