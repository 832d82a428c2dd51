using System.Globalization;
using Bench.Compare;
using Bench.Measure;
using Bench.Servers;
using Bench.Store;
using Bench.Store.Trees;
using Storage.Host;

namespace Bench.Commands;

/// <summary><c>bench storage</c>: the storage engine in this process, and beside real etcd with the same content.</summary>
internal static class StorageCommand
{
    private const int MinTreeRounds = 3;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var rounds = arguments.Int("rounds", 3);
        var keys = arguments.Int("keys", 1_000_000);
        var manyKeys = arguments.Int("many-keys", 0);
        string[] parts = arguments.List("parts", "local,tree,servers");
        var parent = arguments.Text("work-dir") ?? Path.GetTempPath();
        var output = arguments.Text("output");
        ServerProgram[] programs = parts.Contains("servers") ? [ServerPrograms.Etcd(arguments), ServerPrograms.Ours(arguments)] : [];
        arguments.RequireAllKnown();
        if (rounds < 1 || keys < 1 || manyKeys < 0)
            throw new BenchException("--rounds and --keys must be at least 1, --many-keys at least 0");
        if (!CompiledAsAServer.IsThis)
            return await CompiledAsAServer.RunAsync();

        using var pool = new ServerPool(parent);
        var text = new MarkdownText();
        text.Line($"Measured {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {rounds} rounds; medians, lowest and highest.");
        text.Line();
        text.Line($"- Machine: {MachineDescription.Describe(pool.WorkFolder)}");
        foreach (var program in programs)
            text.Line($"- {program.Name}: {program.Version()}");
        if (parts.Contains("local"))
            await LocalAsync(text, pool.WorkFolder, rounds, keys, manyKeys);
        if (parts.Contains("tree"))
            Tree(text, pool.WorkFolder, Math.Max(rounds, MinTreeRounds), keys);
        if (programs.Length > 0)
            Servers(text, pool, programs, rounds, keys);
        text.Line();
        text.Line($"Load of the machine over the last fifteen minutes of it, this command included: {MachineLoad.FifteenMinutes():F1}.");
        Console.WriteLine(text);
        if (output is not null)
            ReportFile.Refresh(output, "storage", text.ToString());
        return 0;
    }

    private static async Task LocalAsync(MarkdownText text, string folder, int rounds, int keys, int manyKeys)
    {
        List<LocalRound> results = [];
        for (var round = 0; round < rounds; round++)
        {
            results.Add(await LocalRound.RunAsync(folder, keys, round));
            Say($"local round {round + 1}: {results[^1]}");
        }
        text.Line();
        StoreReport.Local(text, results, keys);
        if (manyKeys == 0)
            return;
        var directory = Path.Combine(folder, "many");
        var data = StorageData.Open(directory);
        new LocalStore(data.Tree, data.Device).Put(manyKeys, i => i);
        await data.Owned!.DisposeAsync();
        data = null;
        List<double> seconds = [];
        double processor = 0, heap = 0;
        for (var round = 0; round < rounds; round++)
        {
            (var one, processor, heap) = await OpenCost.MeasureAsync(directory, manyKeys);
            seconds.Add(one);
            Say($"opening {manyKeys} keys: {one:F2} s, {processor:F2} s of processor time, {heap:F0} bytes a key");
        }
        text.Line($"- Opening a data file of {manyKeys:N0} keys: {MarkdownText.Cell(Figures.Spread(seconds), "F2")} s, of processor time {processor:F2} s; then on the managed heap: {heap:F0} bytes a key");
    }

    private static void Tree(MarkdownText text, string folder, int rounds, int keys)
    {
        LmdbLibrary.Use();
        var race = new TreeRace(folder, keys);
        for (var round = 0; round < rounds; round++)
        {
            race.RunRound(round);
            Say($"trees, round {round + 1}");
        }
        text.Line();
        race.Render(text);
    }

    private static void Servers(MarkdownText text, ServerPool pool, ServerProgram[] programs, int rounds, int keys)
    {
        List<ServerContentResult>[] results = [.. programs.Select(static _ => new List<ServerContentResult>())];
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < programs.Length; i++)
            {
                // Which of the two goes first alternates.
                var n = (i + round) % programs.Length;
                results[n].Add(ServerContent.Measure(pool, programs[n], keys));
                Say($"round {round + 1} {programs[n].Name}: {results[n][^1]}");
            }
        }
        text.Line();
        StoreReport.Servers(text, [.. programs.Select((p, n) => (p.Name, (IReadOnlyList<ServerContentResult>)results[n]))], keys);
    }

    private static void Say(FormattableString line) => Console.Error.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
