import Foundation

/// What the service tells of its model.
struct ServedModel: Sendable {
    /// What requests call it: a folder's or an id's last part.
    let name: String
    /// The labels of the classes that masks have.
    let labels: [String]
    /// What tells one version of its results from another.
    let version: String
    /// The model's own input size, height and width.
    let inputSize: [Int]?
}
