// Quizzes: the chosen answer's feedback is shown and announced. Without this script all feedback is in sight.
(() => {
  const start = () => {
    for (const quiz of document.querySelectorAll("fieldset.quiz")) {
      const pairs = [...quiz.querySelectorAll("input[type=radio]")].map((input) => {
        const label = input.closest("label");
        const feedback = label.nextElementSibling;
        feedback.setAttribute("role", "status");
        feedback.hidden = true;
        return { input, label, feedback };
      });
      quiz.addEventListener("change", () => {
        for (const { input, label, feedback } of pairs) {
          feedback.hidden = !input.checked;
          label.classList.toggle("quiz-right", input.checked && input.dataset.answer === "right");
          label.classList.toggle("quiz-wrong", input.checked && input.dataset.answer === "wrong");
        }
      });
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
