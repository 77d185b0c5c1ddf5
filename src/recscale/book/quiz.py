"""The directive ``{quiz}``: one question with one right choice, and an answer to every choice. Works without a network.

.. code-block:: md

    ```{quiz} Which exponent is steeper?
    - (x) 0.5
      Right: feedback on the right choice.
    - ( ) 0.1

      Feedback that names the misconception; formulas $x^2$ and links [](report-card) work everywhere.
    ```

A page holds the feedback in its HTML, and ``quiz.js`` shows that of the choice; Jupyter Book loads it and ``quiz.css``,
as all of ``_static``. Builders other than HTML's print all.
"""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

MARK = re.compile(r"^\((x| )\) ?")


class Quiz(nodes.General, nodes.Element):
    """A question: its legend, then choices."""


class Legend(nodes.General, nodes.TextElement):
    """The question itself."""


class _Choice(nodes.General, nodes.TextElement):
    """One answer with ``right``, ``group`` and ``number``."""


class Feedback(nodes.General, nodes.Element):
    """What a reader who picked the choice before it is told."""


class QuizDirective(SphinxDirective):
    """See the module."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        group = f"quiz-{self.env.new_serialno('quiz')}"
        quiz, legend, body = Quiz(ids=[group]), Legend(), nodes.Element()
        legend += self.parse_inline(self.arguments[0])[0]
        quiz += legend
        self.state.nested_parse(self.content, self.content_offset, body)
        items = list(body.findall(nodes.list_item))
        choices = [part for number, item in enumerate(items) for part in self._choice(item, group, number)]
        right = [part["right"] for part in choices if isinstance(part, _Choice)]
        if len(items) < 2 or right.count(True) != 1:
            raise self.error(f"a quiz needs two or more choices, one of them (x); it has {right.count(True)} of them")
        quiz += choices
        return [quiz]

    def _choice(self, item: nodes.list_item, group: str, number: int) -> Iterator[nodes.Node]:
        """The choice in the first paragraph of ``item``, and the feedback in the others."""
        first, *others = item.children
        mark = MARK.match(first.astext())
        if not mark or not others:
            raise self.error(f"a choice is '- (x) answer' or '- ( ) answer' with feedback below it: {first.astext()!r}")
        opening = next(first.findall(nodes.Text))
        opening.parent.replace(opening, nodes.Text(MARK.sub("", opening)))
        choice = _Choice(right=mark[1] == "x", group=group, number=number)
        choice += first.children
        feedback = Feedback(group=group, number=number)
        feedback += others
        yield choice
        yield feedback


def _choice_tag(node: _Choice) -> str:
    name, right = node["group"], "right" if node["right"] else "wrong"
    return f'<label class="quiz-choice"><input type="radio" name="{name}" data-answer="{right}"> <span>'


TAGS = {
    Quiz: (lambda writer, node: writer.starttag(node, "fieldset", CLASS="quiz"), "</fieldset>\n"),
    Legend: (lambda writer, node: "<legend>", "</legend>\n"),
    _Choice: (lambda writer, node: _choice_tag(node), "</span></label>\n"),
    Feedback: (lambda writer, node: '<div class="quiz-feedback">', "</div>\n"),
}
"""Element -> its opening tag, from the HTML writer and the node, and its closing one."""


def visit(self: Any, node: nodes.Element) -> None:
    self.body.append(TAGS[type(node)][0](self, node))


def depart(self: Any, node: nodes.Element) -> None:
    self.body.append(TAGS[type(node)][1])


def nothing(self: Any, node: nodes.Node) -> None:
    """Other builders print what is inside."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    for node in TAGS:
        app.add_node(node, html=(visit, depart), latex=(nothing, nothing), text=(nothing, nothing))
    app.add_directive("quiz", QuizDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
