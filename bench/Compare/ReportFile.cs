namespace Bench.Compare;

/// <summary>The part of a Markdown file that the tool owns, between two comments; the rest is left alone.</summary>
internal static class ReportFile
{
    private const string Begin = "<!-- bench:begin -->";
    private const string End = "<!-- bench:end -->";

    public static void Refresh(string path, string report)
    {
        var text = File.Exists(path) ? File.ReadAllText(path) : $"{Begin}\n{End}\n";
        var begin = text.IndexOf(Begin, StringComparison.Ordinal);
        var end = text.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
            throw new BenchException($"{path} lacks the lines {Begin} and {End} between which the report goes");
        File.WriteAllText(path, $"{text[..(begin + Begin.Length)]}\n\n{report}\n{text[end..]}");
    }
}
