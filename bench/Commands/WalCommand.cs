using System.Globalization;
using Bench.Compare;
using Bench.Servers;
using Bench.Wal;

namespace Bench.Commands;

/// <summary><c>bench wal</c>: how much of what the disk allows the log and the consensus service make use of.</summary>
internal static class WalCommand
{
    private static readonly int[] GroupBytes = [300, 4 * 1024, 64 * 1024, 1024 * 1024];

    public static int Run(Arguments arguments)
    {
        var rounds = arguments.Int("rounds", 5);
        var seconds = arguments.Number("seconds", 1.5);
        var parent = arguments.Text("work-dir") ?? Path.GetTempPath();
        var output = arguments.Text("output");
        arguments.RequireAllKnown();
        if (rounds < 1 || seconds <= 0)
            throw new BenchException("--rounds and --seconds must be positive");

        using var pool = new ServerPool(parent);
        var machine = MachineDescription.Describe(pool.WorkFolder);
        WalRow[] rows = [.. GroupBytes.Select(bytes => new WalRow(bytes))];
        // One round that does not count: the code is compiled in it.
        foreach (var bytes in GroupBytes)
            new WalRow(bytes).RunRound(pool.WorkFolder, round: 0, TimeSpan.FromSeconds(0.1));
        for (var round = 0; round < rounds; round++)
        {
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round + 1} of {rounds}"));
            foreach (var row in rows)
                row.RunRound(pool.WorkFolder, round, TimeSpan.FromSeconds(seconds));
        }
        var report = WalReport.Render(rows, machine, rounds, seconds);
        Console.WriteLine(report);
        if (output is not null)
            ReportFile.Refresh(output, "wal", report);
        return 0;
    }
}
