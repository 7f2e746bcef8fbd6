extension String {
    /// A path up to and including its last "/", or "" if it has none; a file name appended to it lies beside `self`.
    var folderPrefix: String {
        lastIndex(of: "/").map { String(self[...$0]) } ?? ""
    }
}
