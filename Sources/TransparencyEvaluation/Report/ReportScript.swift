/// The script of the report, which makes the headers of tables buttons that sort. The page is complete without it.
///
/// It has neither `<` nor `&`, so that the page is well-formed as XML.
enum ReportScript {
    static let text = """
        "use strict";
        const collator = new Intl.Collator("en", { numeric: true });
        for (const table of document.querySelectorAll("table.sortable")) {
          const body = table.tBodies[0];
          const heads = Array.from(table.tHead.rows[0].cells);
          heads.forEach((head, column) => {
            const button = document.createElement("button");
            button.type = "button";
            button.append(...head.childNodes);
            head.append(button);
            button.addEventListener("click", () => {
              const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
              for (const other of heads) other.removeAttribute("aria-sort");
              head.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
              const isText = head.classList.contains("text");
              const keyed = Array.from(body.rows, row => {
                const text = row.cells[column].textContent;
                return { row, key: isText ? text : Number(text) };
              });
              // A number that is not defined is last either way.
              keyed.sort(isText
                ? (a, b) => sign * collator.compare(a.key, b.key)
                : (a, b) => isNaN(a.key) - isNaN(b.key) || sign * (a.key - b.key) || 0);
              body.replaceChildren(...keyed.map(entry => entry.row));
            });
          });
        }

        """
}
