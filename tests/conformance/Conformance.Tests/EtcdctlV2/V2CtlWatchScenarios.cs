using Conformance.Harness;

namespace Conformance.EtcdctlV2;

/// <summary>watch and exec-watch (etcdctl §1.2).</summary>
internal static class V2CtlWatchScenarios
{
    private const string Show = "sh -c 'echo action=$ETCD_WATCH_ACTION key=$ETCD_WATCH_KEY value=$ETCD_WATCH_VALUE idx=$ETCD_WATCH_MODIFIED_INDEX'";

    public static IEnumerable<Scenario<V2CtlSession>> All()
    {
        yield return new("ctl2-watch/once", s => s.Watch("watch /k", 1, () => s.WriteAndAwaitWatch("PUT", "/k", "value=v", waitsAgain: false), endsItself: true));
        yield return new("ctl2-watch/once-extended", s => s.Watch("-o extended watch /k", 1, () => s.WriteAndAwaitWatch("PUT", "/k", "value=v", waitsAgain: false), endsItself: true));
        yield return new("ctl2-watch/once-json", s => s.Watch("-o json watch /k", 1, () => s.WriteAndAwaitWatch("PUT", "/k", "value=v", waitsAgain: false), endsItself: true));
        yield return new("ctl2-watch/recursive", s => s.Watch("watch --recursive /d", 2, () => s.WriteAndAwaitWatch("PUT", "/d/a/b", "value=v", waitsAgain: false), endsItself: true));
        yield return new("ctl2-watch/of-a-delete", async s =>
        {
            await s.Run("set /k v");
            await s.Watch("watch /k", 1, () => s.WriteAndAwaitWatch("DELETE", "/k", null, waitsAgain: false), endsItself: true);
        });
        yield return new("ctl2-watch/after-index", async s =>
        {
            await s.Run("set /k one", "set /k two", "set /other x", "set /k three");
            await s.WatchHistory($"watch --after-index {s.Idx(0)} /k", 1, endsItself: true);
            await s.WatchHistory($"watch --after-index {s.Idx(1)} /k", 1, endsItself: true);
            await s.WatchHistory($"watch --recursive --after-index {s.Idx(2)} /", 2, endsItself: true);
        });
        yield return new("ctl2-watch/forever", s => s.Watch("watch --forever /k", 3, async () =>
        {
            await s.WriteAndAwaitWatch("PUT", "/k", "value=one");
            await s.WriteAndAwaitWatch("PUT", "/k", "value=two");
            await s.WriteAndAwaitWatch("DELETE", "/k", null);
        }));
        yield return new("ctl2-watch/forever-recursive-after-index", async s =>
        {
            await s.Run("set /d/a 1", "set /d/b 2", "rm /d/a", "mkdir /d/e", "set /d/_h 3");
            await s.WatchHistory($"watch --forever --recursive --after-index {s.Idx(0)} /d", 8);
        });
        yield return new("ctl2-watch/forever-json", async s =>
        {
            await s.Run("set /k 1", "set /k 2", "update --ttl 1000 /k 3");
            s.ExpectTtl(1000);
            await s.WatchHistory($"-o json watch --forever --after-index {s.Idx(0)} /k", 3);
        });
        yield return new("ctl2-watch/exec", s => s.Watch($"exec-watch {Show} /k", 2, async () =>
        {
            await s.WriteAndAwaitWatch("PUT", "/k", "value=one");
            await s.Lines(1);
            await s.WriteAndAwaitWatch("DELETE", "/k", null);
        }));
        yield return new("ctl2-watch/exec-recursive", s => s.Watch($"exec-watch --recursive /d -- {Show}", 3, async () =>
        {
            await s.WriteAndAwaitWatch("PUT", "/d/a", "value=one");
            await s.Lines(1);
            await s.WriteAndAwaitWatch("PUT", "/d/dir", "dir=true");
            await s.WriteAndAwaitWatch("PUT", "/d/b", "value=two%20words");
            await s.Lines(2);
            await s.WriteAndAwaitWatch("DELETE", "/d/b", null);
        }));
        yield return new("ctl2-watch/exec-after-index", async s =>
        {
            await s.Run("set /k one");
            await s.WatchHistory($"exec-watch --after-index {s.Idx(0)} -- /k -- {Show}", 1);
        });
        yield return new("ctl2-watch/usage", s => s.Run("watch", "exec-watch", "exec-watch /k", "watch --after-index x /k"));
    }
}
