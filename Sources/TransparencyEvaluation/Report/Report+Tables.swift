import Reports
import SegmentationMetrics

extension Report {
    /// The protocols with their tables: rows for all, easy and hard pictures.
    func protocolTables() -> HTML {
        let wide: HTML = " class=\"wide\""
        return ProtocolName.allCases.compactMap { name -> HTML? in
            guard let scores = metrics.protocols[name] else { return nil }
            let hasClasses = scores[.meanIoU] != nil
            let quantities = name.quantities.filter { scores.values.keys.contains($0) }
            let subsets =
                [("all", scores)]
                + Difficulty.allCases.compactMap { difficulty in
                    metrics.difficulty[difficulty]?[name].map { (difficulty.rawValue, $0) }
                }
            let heads = quantities.map { "<th scope=\"col\">\($0.heading)</th>" as HTML }.joined()
            let rows = subsets.map { subset, scores -> HTML in
                let cells = quantities.map { "<td>\(number($0, in: scores))</td>" as HTML }.joined()
                return """
                    <tr><th scope="row">\(subset)</th><td>\(ReportNumber.count(scores.images))</td>\(cells)</tr>

                    """
            }
            return """
                <div\(quantities.count > 5 ? wide : "")><h3>\(name.heading)</h3>
                <p>\(name.explanation(hasClasses: hasClasses))</p>
                <div class="scroll" tabindex="0" role="region" aria-label="\(name.heading)"><table>
                <thead><tr><th scope="col">Pictures</th><th scope="col">Count</th>\(heads)</tr></thead>
                <tbody>
                \(rows.joined())\(publishedRows(name, quantities))</tbody>
                </table></div></div>

                """
        }.joined()
    }

    /// A number with the ends of its interval, small.
    func number(_ quantity: Quantity, in scores: ProtocolScores?) -> HTML {
        let value = quantity.text(scores?[quantity])
        guard let interval = scores?.intervals[quantity] else { return "\(value)" }
        return "\(value)<small>\(quantity.text(interval.low))–\(quantity.text(interval.high))</small>"
    }

    /// How many pictures met each rule for empty masks.
    func emptyRuleTable() -> HTML {
        let counts = metrics.emptyRules
        var rules = [
            ("No glass in truth and mask, softness above the threshold: IoU is 1", counts.emptyUnion),
            ("No glass in truth and mask, softness of at least 0.5: IoU is 1", counts.emptyUnionFromHalf),
            ("No glass in the truth: no recall, BER from the background alone", counts.emptyTruth),
            ("Nothing but glass in the truth: BER from the glass alone", counts.fullTruth),
            ("Nothing but one class in the truth: TransLab's BER from it alone", counts.oneClassTruth),
        ]
        if metrics.protocols[.native] != nil {
            rules += [
                ("Own resolution, no boundary in truth and mask: boundary F is 1", counts.noBoundary),
                ("Own resolution, a boundary in one of them only: boundary F is 0", counts.oneBoundary),
            ]
        }
        let rows = rules.map { rule, count -> HTML in
            "<tr><th scope=\"row\">\(rule)</th><td>\(ReportNumber.count(count))</td></tr>\n"
        }
        return """
            <div class="wide"><h3>Empty masks</h3>
            <p>How many pictures met a rule for what a formula leaves undefined.</p>
            <div class="scroll" tabindex="0" role="region" aria-label="Empty masks"><table>
            <thead><tr><th scope="col">Rule</th><th scope="col">Pictures</th></tr></thead>
            <tbody>
            \(rows.joined())</tbody>
            </table></div></div>

            """
    }

    /// All pictures from the worst on, for the script to sort; choosing a difficulty is the style sheet's work.
    func pictureTable(_ groups: [PictureGroup]) -> HTML {
        let hasDifficulty = groups.contains { $0.difficulty != nil }
        let hasNative = records.contains { $0.native != nil }
        var heads = ["Recall", "MSE", "MAE", "BER, %", "Glass, %", "Mask, %"]
        if hasNative { heads += ["IoU, own size", "Boundary F"] }
        let headCells = heads.map { "<th scope=\"col\">\($0)</th>" as HTML }.joined()
        let difficultyHead: HTML = hasDifficulty ? "<th scope=\"col\" class=\"text\">Difficulty</th>" : ""
        let rows = Self.sortedByIoU(records).map {
            pictureRow($0, hasDifficulty: hasDifficulty, hasNative: hasNative)
        }
        return """
            \(groups.count > 1 ? difficultyChoice(groups) : "")\
            <div class="scroll tall" tabindex="0" role="region" aria-label="All pictures"><table class="sortable">
            <thead><tr><th scope="col" class="text">Picture</th>\(difficultyHead)\
            <th scope="col" aria-sort="ascending">IoU</th>\(headCells)</tr></thead>
            <tbody>
            \(rows.joined())</tbody>
            </table></div>

            """
    }

    private func pictureRow(_ record: ImageRecord, hasDifficulty: Bool, hasNative: Bool) -> HTML {
        let counts = record.pixels
        let pixelCount = Double(counts.pixelCount)
        var numbers = [
            ReportNumber.share(counts.aboveThreshold.iou), ReportNumber.share(counts.aboveThreshold.recall),
            ReportNumber.share(counts.squaredErrorSum / (3 * pixelCount)),
            ReportNumber.share(counts.absoluteErrorSum / pixelCount),
            ReportNumber.percent(counts.fromHalf.balancedErrorRate),
            ReportNumber.percent(100 * counts.glassShare), ReportNumber.percent(100 * counts.predictedShare),
        ]
        if hasNative {
            numbers += [
                ReportNumber.share(record.native?.pixels.iou), ReportNumber.share(record.native?.fMeasure),
            ]
        }
        let cells = numbers.map { "<td>\($0)</td>" as HTML }.joined()
        let name = record.difficulty?.rawValue ?? ReportNumber.absent
        let difficulty: HTML = hasDifficulty ? "<td class=\"text\">\(name)</td>" : ""
        return """
            <tr class="\(PictureGroup.styleClass(of: record.difficulty))"><th scope="row">\(record.id)</th>\
            \(difficulty)\(cells)</tr>

            """
    }

    private func difficultyChoice(_ groups: [PictureGroup]) -> HTML {
        let choices = groups.map { group -> HTML in
            """
            <label><input type="radio" name="show" id="show-\(group.styleClass)"/> \
            \(group.name) (\(ReportNumber.count(group.records.count)))</label>

            """
        }
        return """
            <fieldset><legend>Show</legend>
            <label><input type="radio" name="show" checked="checked"/> all (\(ReportNumber.count(records.count)))</label>
            \(choices.joined())</fieldset>

            """
    }
}
