import Foundation
import Reports
import SegmentationMetrics

extension Report {
    /// The page, UTF-8 and well-formed as XML. The same report gives the same text.
    public func html() -> String {
        let groups = PictureGroup.groups(of: records)
        let body: HTML = """
            \(header())<main>
            \(numbersSection())\(chartsSection(groups))\(examplesSection())\(picturesSection(groups))</main>

            """
        return HTMLPage(title: title, style: ReportStyle.text, body: body, script: ReportScript.text).text
    }

    private func header() -> HTML {
        let facts = (facts + knownFacts()).map { fact -> HTML in
            "<div><dt>\(fact.name)</dt><dd>\(fact.value)</dd></div>\n"
        }
        var links: [(id: String, text: String)] = [("numbers", "Numbers")]
        if !records.isEmpty { links.append(("charts", "Charts")) }
        if !worst.isEmpty || !best.isEmpty { links.append(("examples", "Worst and best")) }
        if !records.isEmpty { links.append(("all-pictures", "All pictures")) }
        let navigation = links.map { "<li><a href=\"#\($0.id)\">\($0.text)</a></li>" as HTML }.joined()
        return """
            <header>
            <h1>\(title)</h1>
            <dl>
            \(facts.joined())</dl>
            <nav aria-label="Sections"><ul>\(navigation)</ul></nav>
            </header>

            """
    }

    /// What the metrics say of how they were made.
    private func knownFacts() -> [Fact] {
        let settings = metrics.settings
        let counts = Difficulty.allCases.compactMap { difficulty in
            metrics.difficulty[difficulty]?[.original].map {
                "\(ReportNumber.count($0.images)) \(difficulty.rawValue)"
            }
        }
        let all = ReportNumber.count(metrics.protocols[.original]?.images ?? records.count)
        var facts = [
            Fact("Pictures", counts.isEmpty ? all : "\(all) (\(counts.joined(separator: ", ")))"),
            Fact(
                "Resolution", settings.resolution.map { "\($0.width) × \($0.height)" } ?? "each picture's own"),
            Fact("Threshold", "\(settings.threshold)"),
            Fact(
                "Calibration", settings.temperature.map { "by temperature \($0)" } ?? "none"),
            Fact(
                "Intervals",
                "95 %, bootstrap over pictures, \(ReportNumber.count(settings.bootstrap.resamples)) resamples, "
                    + "seed \(settings.bootstrap.seed)"),
        ]
        if let plan = metrics.data.plan { facts.append(Fact("Repair plan", plan)) }
        if let hash = metrics.data.filesHash { facts.append(Fact("Files' hash", hash)) }
        return facts
    }

    private func numbersSection() -> HTML {
        let original = metrics.protocols[.original]
        let headlines = [Quantity.iou, .recall, .mse].map { quantity -> HTML in
            "<div><dt>\(quantity.heading)</dt><dd>\(number(quantity, in: original))</dd></div>\n"
        }
        return """
            <section id="numbers">
            <h2>Numbers</h2>
            <dl class="headline">
            \(headlines.joined())</dl>
            <p>The mean over all pictures by the protocol of the original Transparency Segmentation, with its 95 % interval. \
            The interval is about the choice of pictures, not about that of training runs. An IoU must only be compared with \
            one of the same protocol and resolution.</p>
            <div class="protocols">
            \(protocolTables())\(emptyRuleTable())</div>
            </section>

            """
    }

    private func chartsSection(_ groups: [PictureGroup]) -> HTML {
        guard !records.isEmpty else { return "" }
        return """
            <section id="charts">
            <h2>Charts</h2>
            <div class="charts">
            \(iouHistogram(groups))\(cumulativeChart(groups))\(glassShareScatter(groups))\(thresholdChart())\(reliabilityChart())</div>
            </section>

            """
    }

    private func examplesSection() -> HTML {
        let lists = [("Worst", worst), ("Best", best)].filter { !$0.1.isEmpty }
        guard !lists.isEmpty else { return "" }
        let content = lists.map { heading, examples -> HTML in
            "<h3>\(heading)</h3>\n\(examples.map(article).joined())"
        }
        return """
            <section id="examples">
            <h2>Worst and best pictures</h2>
            <p>By the IoU of the original protocol, at the threshold of this evaluation.</p>
            \(content.joined())</section>

            """
    }

    private func article(of example: Example) -> HTML {
        let record = example.record
        let counts = record.pixels.aboveThreshold
        let pictures = example.pictures.map { picture -> HTML in
            let data = HTML(trusted: Data(picture.bytes).base64EncodedString())
            return """
                <figure><img src="data:\(picture.mediaType.rawValue);base64,\(data)" \
                alt="\(picture.kind.caption) of \(record.id)"/><figcaption>\(picture.kind.caption)</figcaption></figure>

                """
        }
        let difficulty = record.difficulty.map { "\($0.rawValue), " } ?? ""
        return """
            <article>
            <h4>\(record.id)</h4>
            <p>\(difficulty)IoU \(ReportNumber.share(counts.iou)), recall \(ReportNumber.share(counts.recall))</p>
            <div class="pictures">
            \(pictures.joined())</div>
            </article>

            """
    }

    private func picturesSection(_ groups: [PictureGroup]) -> HTML {
        guard !records.isEmpty else { return "" }
        // What prints on more than some two pages is left out of print.
        let attribute: HTML = records.count > 80 ? " class=\"long\"" : ""
        return """
            <section id="all-pictures"\(attribute)>
            <h2>All pictures</h2>
            <p>IoU, recall and MSE by the original protocol, MAE and BER by that of glass detection. Glass is the share of the \
            picture that is glass, mask what was taken for it. \(PerImageTable.fileName) has the counts.</p>
            <p class="instead">The table of \(ReportNumber.pictures(records.count)) is not printed.</p>
            \(pictureTable(groups))</section>

            """
    }
}

extension Report.Picture.Kind {
    fileprivate var caption: String {
        switch self {
        case .photo: "Photo"
        case .truth: "Truth"
        case .soft: "Soft mask"
        case .mask: "Mask"
        }
    }
}
