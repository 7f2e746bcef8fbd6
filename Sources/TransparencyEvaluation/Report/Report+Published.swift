import Reports
import SegmentationMetrics

extension Report {
    /// What papers report of a protocol, under the columns of its table; empty where nobody asked, or none has a number of these columns.
    ///
    /// A figure stands only with the protocol and the quantity that it was published for, and is named by its data.
    func publishedRows(_ name: ProtocolName, _ quantities: [Quantity]) -> HTML {
        guard showsPublished else { return "" }
        return PublishedFigure.all.filter { figure in
            figure.protocolName == name && quantities.contains { figure.numbers[$0] != nil }
        }.map { figure -> HTML in
            let cells = quantities.map { "<td>\($0.text(figure.numbers[$0]))</td>" as HTML }.joined()
            return """
                <tr class="published"><th scope="row">published: \(figure.work), on \(figure.data)</th>\
                <td>\(ReportNumber.absent)</td>\(cells)</tr>

                """
        }.joined()
    }
}
