using Conformance.Harness;

namespace Conformance.Etcdctl;

/// <summary>watch: from a revision, from now, interactive, in every format (etcdctl §2.2).</summary>
internal static class WatchScenarios
{
    public static IEnumerable<Scenario<EtcdctlSession>> All()
    {
        yield return new("ctl-watch/key", s => s.WatchFromNow(8, "watch k", "k", () => s.RunAll("put k 1", "put other x", "put k 2", "del k")));
        yield return new("ctl-watch/prefix", s => s.WatchFromNow(8, "watch p --prefix", "p", () => s.RunAll("put p1 1", "put q x", "put p2 2", "del p --prefix")));
        yield return new("ctl-watch/range", s => s.WatchFromNow(6, "watch a c", "a", () => s.RunAll("put b 1", "put c x", "put a 2")));
        yield return new("ctl-watch/prev-kv", s => s.WatchFromNow(15, "watch k --prev-kv", "k", () => s.RunAll("put k 1", "put k 2", "del k")));
        foreach (var format in (string[])["simple", "json", "fields"])
            yield return new($"ctl-watch/rev-{format}", s => FromRevision(s, format));
        yield return new("ctl-watch/rev-then-live", async s =>
        {
            await s.RunAll("put k 1", "put k 2");
            await s.RunUntilLines(9, $"watch k --rev={s.Rev(1)}", () => s.Run("put k 3"));
        });
        yield return new("ctl-watch/future-rev", s => s.RunUntilLines(3, $"watch k --rev={s.Rev(2)}", () => s.RunAll("put k 1", "put k 2")));
        yield return new("ctl-watch/compacted", async s =>
        {
            await s.RunAll("put k 1", "put k 2", "put k 3", $"compaction {s.Rev(3)}");
            await s.RunAll($"watch k --rev={s.Rev(1)}", $"watch k --rev={s.Rev(1)} -w json", $"watch k --rev={s.Rev(1)} -w fields");
            await s.RunUntilLines(3, $"watch k --rev={s.Rev(3)}");
        });
        yield return new("ctl-watch/txn", async s =>
        {
            await s.RunWithInput("\nput a 1\nput b 2\nput c 3\n\n\n", "txn");
            await s.RunUntilLines(9, $"watch a d --rev={s.Rev(1)}");
        });
        yield return new("ctl-watch/interactive", async s =>
        {
            await s.RunAll("put a 1", "put b 2", "put a 3");
            await s.Interactive("watch -i", ($"watch a --rev={s.Rev(1)}\n", 6), ($"watch b --rev={s.Rev(1)}\n", 9), ($"watch --rev={s.Rev(2)} --prefix --prev-kv a\n", 14));
        });
        yield return new("ctl-watch/interactive-progress", async s =>
        {
            await s.RunAll("put a 1", "put a 2");
            await s.InteractiveProgress($"watch a --rev={s.Rev(1)}\n");
        });
        yield return new("ctl-watch/interactive-malformed", async s =>
        {
            await s.RunWithInput("nonsense\n", "watch -i");
            await s.RunWithInput("watch\n", "watch -i");
            await s.RunWithInput("watch a b c\n", "watch -i");
        });
        yield return new("ctl-watch/command", async s =>
        {
            await s.RunAll("put k 'a value'", "del k");
            await s.RunUntilLines(10, $"watch k --rev={s.Rev(1)} -- sh -c 'echo type=$ETCD_WATCH_EVENT_TYPE key=$ETCD_WATCH_KEY value=$ETCD_WATCH_VALUE; echo REVISION=$ETCD_WATCH_REVISION'");
        });
        yield return new("ctl-watch/lease-revoked", async s =>
        {
            var id = (await s.Run("lease grant 600")).Split(' ')[1];
            await s.RunAll($"put k1 v --lease={id}", $"put k2 v --lease={id}");
            await s.RunUntilLines(12, $"watch k --prefix --rev={s.Rev(1)}", () => s.Run($"lease revoke {id}"));
        });
        yield return new("ctl-watch/usage", s => s.RunAll("watch", "watch a --rev=x", "watch a --nonsense"));
    }

    private static async Task FromRevision(EtcdctlSession s, string format)
    {
        await s.RunAll("put k 1", "put k 2", "del k", "put k 3");
        var lines = format switch { "simple" => 12, "json" => 1, _ => 30 };
        await s.RunUntilLines(lines, $"watch k --rev={s.Rev(1)} -w {format}");
        await s.RunUntilLines(format switch { "simple" => 3, "json" => 1, _ => 11 }, $"watch k --prev-kv --rev={s.Rev(4)} -w {format}");
    }
}
