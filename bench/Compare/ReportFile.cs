namespace Bench.Compare;

/// <summary>The parts of a Markdown file that the tool owns, each between two comments with its name; the rest is left alone.</summary>
internal static class ReportFile
{
    /// <summary>Puts <paramref name="report"/> between the marks of <paramref name="part"/>.</summary>
    public static void Refresh(string path, string part, string report)
    {
        var (beginMark, endMark) = ($"<!-- bench:{part}:begin -->", $"<!-- bench:{part}:end -->");
        var text = File.Exists(path) ? File.ReadAllText(path) : $"{beginMark}\n{endMark}\n";
        var begin = text.IndexOf(beginMark, StringComparison.Ordinal);
        var end = text.IndexOf(endMark, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
            throw new BenchException($"{path} lacks the lines {beginMark} and {endMark} between which the report goes");
        File.WriteAllText(path, $"{text[..(begin + beginMark.Length)]}\n\n{report}\n{text[end..]}");
    }
}
