/// A page that needs no other file, UTF-8 and well-formed as XML. Whatever its data say, it fetches nothing.
package struct HTMLPage {
    private let title: String
    private let style: String
    private let body: HTML
    private let script: String?

    /// - Parameters:
    ///   - style: CSS, without data.
    ///   - body: What is in the body's element.
    ///   - script: JavaScript, without data.
    package init(title: String, style: String, body: HTML, script: String? = nil) {
        (self.title, self.style, self.body, self.script) = (title, style, body, script)
    }

    package var text: String {
        let scriptPolicy: HTML = script == nil ? "" : "; script-src 'unsafe-inline'"
        let script = script.map { "<script>\n\(HTML(trusted: $0))</script>\n" as HTML } ?? ""
        let page: HTML = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
            style-src 'unsafe-inline'\(scriptPolicy)"/>
            <title>\(title)</title>
            <style>
            \(HTML(trusted: style))</style>
            </head>
            <body>
            \(body)\(script)</body>
            </html>

            """
        return page.text
    }
}
