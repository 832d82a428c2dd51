using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using static Conformance.V3.Messages;
using static EtcdApi.Etcdserverpb.WatchCreateRequest.Types;

namespace Conformance.V3;

/// <summary>
/// Seeded random writes with watches that begin among them, of any keys, from any revision. In the end every watch has told of the same events in the same order;
/// how they were spread over messages is the server's choice. A seed that once failed stays in the list.
/// </summary>
internal static class RandomWatchScenarios
{
    private const int Steps = 60;
    private const int MaxWatches = 12;

    // A watch begins with a revision less than so far ahead of the newest.
    private const int FarthestStart = 4;

    private static readonly int[] s_seeds = [.. Settings.Seeds(1, 20)];

    public static IEnumerable<Scenario<GrpcSession>> All() =>
        s_seeds.Select(seed => new Scenario<GrpcSession>($"random-watch/seed-{seed:d2}", s => Run(s, seed)));

    private static async Task Run(GrpcSession s, int seed)
    {
        var random = new Random(seed);
        await s.Grant(600, 8001);
        await s.Grant(600, 8002);
        var watches = new List<MessageStream<WatchRequest, WatchResponse>>();
        // The newest revision so far, relative to the start.
        var newest = 0L;
        try
        {
            for (var step = 0; step < Steps; step++)
            {
                // Before any watch stands: what was before an event is looked up when the event goes out, and must not be gone on one side by then.
                if (step == Steps / 4 && newest > 1)
                    await s.Compact(s.Rev(random.NextInt64(1, newest)));
                if (step < Steps / 4 || watches.Count == MaxWatches || random.Next(4) != 0)
                    newest = await AnyWrite(s, random, newest);
                else if (await Open(s, random, newest) is { } watch)
                    watches.Add(watch);
            }
            // Progress is told of once the watches' own first revision is there.
            for (var n = 0; n <= FarthestStart; n++)
                await s.Put("a", $"end {n}");
            for (var n = 0; n < watches.Count; n++)
            {
                s.Note($"watch {n}");
                await ReadAll(watches[n]);
            }
        }
        finally
        {
            foreach (var watch in watches)
                await watch.DisposeAsync();
        }
    }

    private static async Task<long> AnyWrite(GrpcSession s, Random random, long newest)
    {
        var header = random.Next(8) switch
        {
            < 3 => (await s.Put(RandomScenarios.AnyPut(random)))?.Header,
            3 => (await s.Delete(RandomScenarios.AnyDelete(random)))?.Header,
            4 when random.Next(8) == 0 => (await s.Call(Rpc.LeaseRevoke, new LeaseRevokeRequest { ID = 8001 + random.Next(2) }))?.Header,
            _ => (await s.Txn(RandomScenarios.AnyTxn(random, s, newest)))?.Header,
        };
        return header is null ? newest : header.Revision - s.Origin;
    }

    /// <summary>Null when the watch is refused, as that of no key is.</summary>
    private static async Task<MessageStream<WatchRequest, WatchResponse>?> Open(GrpcSession s, Random random, long newest)
    {
        var create = new WatchCreateRequest
        {
            Key = B(RandomScenarios.Key(random)),
            RangeEnd = random.Next(3) == 0 ? FromKey : RandomScenarios.AnyEnd(random),
            StartRevision = random.Next(2) == 0 ? s.Rev(random.NextInt64(1, newest + FarthestStart)) : 0,
            PrevKv = random.Next(2) == 0,
            WatchId = random.Next(4) == 0 ? random.Next(1, 100) : 0,
            Fragment = random.Next(4) == 0,
        };
        if (random.Next(3) == 0)
            create.Filters.Add((FilterType)random.Next(2));
        var watch = s.OpenWatch();
        if (await watch.Ask(Create(create)) is { Canceled: false })
            return watch;
        await watch.DisposeAsync();
        return null;
    }

    // A progress notification says that nothing before it is still to come.
    private static Task ReadAll(MessageStream<WatchRequest, WatchResponse> watch) => watch.ReadUntilAnswered(
        Progress(),
        isAnswer: static message => message.Canceled || (message.Events.Count == 0 && !message.Created),
        shown: ByRevision);
}
