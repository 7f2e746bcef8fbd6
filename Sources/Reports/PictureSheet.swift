/// A page of pictures in boxes, each with some lines of text; those of class `note` matter less.
package enum PictureSheet {
    /// Its style sheet.
    ///
    /// - Parameters:
    ///   - boxWidth: The least width of a box in pixels, on screens that are not narrower.
    ///   - pictures: How many pictures are side by side in a box.
    package static func style(boxWidth: Int, pictures: Int) -> String {
        """
        :root{color-scheme:light dark}
        body{font:15px/1.5 system-ui,sans-serif;margin:24px auto;max-width:1720px;padding:0 16px}
        main{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,\(boxWidth)px),1fr));gap:16px}
        section{border:1px solid #8886;border-left:5px solid #d55e00;border-radius:6px;padding:8px 12px;overflow-wrap:anywhere}
        section.note{border-left-color:#0072b2}
        h2{font-size:1em;margin:4px 0}p{margin:4px 0}
        img{width:calc(\(100 / pictures)% - 6px);height:auto;margin:2px;vertical-align:top}

        """
    }
}
