using System.Globalization;
using Storage.Core.Bolt;
using Storage.Core.Database;
using Storage.Host.Restore;

namespace Standalone.Snapshots;

/// <summary><c>snapshot status FILE</c>: hash, newest revision, number of rows and size of a saved snapshot. The digest behind it is not looked at.</summary>
internal static class StatusCommand
{
    public static readonly CommandUsage Usage = new("standalone snapshot status <filename> [flags]", [SnapshotCommand.WriteOut]);

    public static void Run(CommandArguments arguments)
    {
        if (arguments.Others.Count != 1)
            throw CommandRefusedException.Arguments("snapshot status requires exactly one argument");
        var print = PrinterOf(arguments.Text(SnapshotCommand.WriteOut.Name));
        using var file = SnapshotCommand.Open("stat", arguments.Others[0], SnapshotFile.Open);
        Console.Out.WriteLine(print(DatabaseStatus.Read(BoltFile.Open(file))));
    }

    private static Func<DatabaseStatus, string> PrinterOf(string format) => format switch
    {
        "simple" => static status => string.Join(", ", Cells(status)),
        "json" => static status => string.Create(CultureInfo.InvariantCulture,
            $$"""{"hash":{{status.Hash}},"revision":{{status.Revision}},"totalKey":{{status.TotalKeys}},"totalSize":{{status.TotalBytes}}}"""),
        "fields" => static status => string.Create(CultureInfo.InvariantCulture,
            $"\"Hash\" : {status.Hash}\n\"Revision\" : {status.Revision}\n\"Keys\" : {status.TotalKeys}\n\"Size\" : {status.TotalBytes}"),
        "table" => static status => Table(["HASH", "REVISION", "TOTAL KEYS", "TOTAL SIZE"], Cells(status)),
        "protobuf" => throw CommandRefusedException.Format("protobuf not supported as output format"),
        _ => throw CommandRefusedException.Format("unsupported output format"),
    };

    private static string[] Cells(DatabaseStatus status) =>
    [
        status.Hash.ToString("x", CultureInfo.InvariantCulture), status.Revision.ToString(CultureInfo.InvariantCulture),
        status.TotalKeys.ToString(CultureInfo.InvariantCulture), HumanBytes.Text(status.TotalBytes),
    ];

    private static string Table(string[] header, string[] cells)
    {
        var widths = header.Zip(cells, static (title, cell) => Math.Max(title.Length, cell.Length)).ToArray();
        var titles = header.Zip(widths, static (title, width) => title.PadLeft(title.Length + ((width - title.Length) / 2)).PadRight(width));
        var values = cells.Zip(widths, static (cell, width) => cell.PadLeft(width));
        return string.Join('\n',
            Rule('┌', '┬', '┐'), Row(titles), Rule('├', '┼', '┤'), Row(values), Rule('└', '┴', '┘'));

        string Rule(char left, char middle, char right) => left + string.Join(middle, widths.Select(static width => new string('─', width + 2))) + right;

        static string Row(IEnumerable<string> texts) => "│" + string.Join('│', texts.Select(static text => $" {text} ")) + "│";
    }
}
