/// The style sheet of the report: light and dark, from 360 pixels on, and for paper.
///
/// Easy and hard are drawn in colors of Okabe and Ito ("Color Universal Design", 2008), which stay apart for the color-blind;
/// marks also differ by form. The text has neither `<` nor `&`, so that the page is well-formed as XML.
enum ReportStyle {
    static let text = colors + layout + tables + charts + examples + paper

    private static let colors = """
        :root { color-scheme: light dark; --page: #ffffff; --text: #1b1f24; --soft: #59626e; --rule: #d5dae0;
          --panel: #f4f6f8; --link: #0b5cad; --easy: #0072b2; --hard: #d55e00; --other: #59626e; --green: #00795a;
          --purple: #a4477f; --shade: rgb(0 0 0 / 0.3); }
        @media screen and (prefers-color-scheme: dark) {
          :root { --page: #15181c; --text: #e7eaee; --soft: #a0a9b4; --rule: #363c44; --panel: #1e2329; --link: #7ab8f5;
            --easy: #56b4e9; --hard: #e69f00; --other: #a0a9b4; --green: #2fc9a0; --purple: #dd94bf; --shade: rgb(255 255 255 / 0.3); }
        }

        """

    private static let layout = """
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1rem clamp(1rem, 4vw, 2.5rem) 3rem; max-width: 76rem; background: var(--page);
          color: var(--text); font: 1rem/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
        h1, h2, h3, h4 { line-height: 1.25; overflow-wrap: anywhere; }
        h1 { margin: 0.75rem 0 1rem; font-size: 1.75rem; }
        h2 { margin: 2.5rem 0 1rem; padding-top: 1rem; border-top: 1px solid var(--rule); font-size: 1.375rem; }
        h3 { margin: 1.5rem 0 0.25rem; font-size: 1.0625rem; }
        p { margin: 0.25rem 0 0.75rem; max-width: 46rem; }
        a { color: var(--link); }
        :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
        dl { margin: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr));
          gap: 0.75rem 1.5rem; }
        dt, small, figcaption, .legend { color: var(--soft); font-size: 0.875rem; }
        dd { margin: 0; overflow-wrap: anywhere; }
        nav ul, .legend { margin: 1.25rem 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem;
          list-style: none; }
        .headline { margin-bottom: 1rem; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 0.75rem; }
        .headline div { padding: 0.75rem 1rem; border-radius: 0.5rem; background: var(--panel); }
        .headline dd { font-size: 2.25rem; font-weight: 600; line-height: 1.2; }
        .headline small { display: block; font-weight: 400; }

        """

    private static let tables = """
        .protocols { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 32rem), 1fr)); gap: 0 1.5rem; }
        .protocols div { min-width: 0; }
        .protocols .wide { grid-column: 1 / -1; }
        .scroll { overflow-x: auto; background: /* a shade at each end beyond which the table goes on */
          linear-gradient(to right, var(--page), transparent) left / 2rem 100% no-repeat local,
          linear-gradient(to left, var(--page), transparent) right / 2rem 100% no-repeat local,
          linear-gradient(to right, var(--shade), transparent) left / 0.75rem 100% no-repeat scroll,
          linear-gradient(to left, var(--shade), transparent) right / 0.75rem 100% no-repeat scroll; }
        @media screen and (max-width: 40rem) { .scroll { scrollbar-width: thin; padding-bottom: 0.25rem; } }
        .tall { max-height: 85vh; overflow-y: auto; border: 1px solid var(--rule); }
        table { border-collapse: collapse; }
        th, td { padding: 0.375rem 0.5rem; border-bottom: 1px solid var(--rule); text-align: right; vertical-align: top;
          font-weight: 400; }
        th:first-child { padding-left: 0; text-align: left; }
        thead th { color: var(--soft); font-size: 0.875rem; vertical-align: bottom; }
        td small { display: block; font-size: 0.75rem; white-space: nowrap; }
        .sortable { width: 100%; font-size: 0.875rem; }
        .sortable th, .sortable td { padding: 0.1875rem 0.625rem; }
        .sortable tbody th { min-width: 9rem; max-width: 24rem; overflow-wrap: anywhere; }
        .sortable .text { text-align: left; }
        .sortable thead th { position: sticky; top: 0; padding: 0.375rem 0.625rem; background: var(--panel);
          white-space: nowrap; }
        .sortable button { padding: 0; border: 0; background: none; color: var(--link); font: inherit; cursor: pointer; }
        .sortable thead th[aria-sort]::after { content: "\\25B4"; position: absolute; right: 0; }
        .sortable thead th[aria-sort="descending"]::after { content: "\\25BE"; }
        fieldset { margin: 0 0 0.75rem; padding: 0; border: 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
        fieldset legend { float: left; padding: 0; color: var(--soft); }
        section:has(#show-easy:checked) tbody tr:not(.easy), section:has(#show-hard:checked) tbody tr:not(.hard),
        section:has(#show-other:checked) tbody tr:not(.other) { display: none; }
        .instead { display: none; }

        """

    private static let charts = """
        figure { margin: 0; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); gap: 1rem 2rem; }
        .charts h3 { margin-top: 0.5rem; }
        .legend { margin: 0.25rem 0 0.5rem; }
        .key { height: 0.625rem; }
        .chart { display: block; width: 100%; max-width: 38rem; }
        .chart text { fill: var(--soft); font-size: 12px; }
        @media screen and (max-width: 40rem) { .chart text { font-size: 13.5px; } }
        .chart .halo { fill: var(--text); stroke: var(--page); stroke-width: 3px; paint-order: stroke; }
        .chart path, .key path { fill: none; }
        .grid { stroke: var(--rule); stroke-width: 0.75px; }
        .axis { stroke: var(--soft); }
        .easy { --series: var(--easy); }
        .hard { --series: var(--hard); }
        .other { --series: var(--other); }
        .fill { fill: var(--series); }
        .dots, .key-dot { stroke: var(--series); stroke-width: 4px; stroke-linecap: round; stroke-opacity: 0.6; }
        .key-dot { stroke-width: 9px; stroke-opacity: 1; }
        .hard.dots, .hard.key-dot { stroke-linecap: square; }
        .hard.dots { stroke-width: 3.5px; }
        .line { stroke-width: 2px; }
        .group { stroke: var(--series); }
        .hard.group { stroke-dasharray: 7 3; }
        .mean-iou { stroke: var(--easy); stroke-width: 3px; }
        .pooled-iou { stroke: var(--hard); }
        .precision { stroke: var(--green); stroke-dasharray: 7 3; }
        .recall { stroke: var(--purple); stroke-dasharray: 2 3; }
        .used { stroke: var(--text); }
        .best { stroke: var(--text); stroke-dasharray: 4 3; }

        """

    private static let examples = """
        article { margin: 0.75rem 0 1.5rem; }
        article h4 { margin: 0; font-size: 1rem; }
        article p { margin: 0 0 0.5rem; color: var(--soft); }
        .pictures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 0.5rem; }
        .pictures img { display: block; width: 100%; max-height: 20rem; object-fit: contain; object-position: left top;
          background: var(--panel); }
        @media screen and (max-width: 40rem) { .pictures { grid-template-columns: repeat(2, 1fr); } }

        """

    private static let paper = """
        @media print {
          body { padding: 0; max-width: none; font-size: 9.5pt; }
          nav, fieldset, .long .scroll { display: none; }
          .long .instead { display: block; }
          .scroll, .tall { background: none; overflow: visible; max-height: none; border: 0; }
          .sortable { font-size: 7.5pt; }
          .sortable th, .sortable td, .sortable thead th { position: static; padding: 0.125rem 0.25rem; }
          .sortable thead { display: table-row-group; }
          .sortable thead th[aria-sort]::after { content: none; }
          .charts { grid-template-columns: 1fr 1fr; }
          .fill, .headline div, .pictures img { print-color-adjust: exact; }
          article, .charts figure, .protocols > div, tr { break-inside: avoid; }
          h2, h3, h4, section > p { break-after: avoid; }
          .pictures img { max-height: 5cm; }
        }

        """
}
