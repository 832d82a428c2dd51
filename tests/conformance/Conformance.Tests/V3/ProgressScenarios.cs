using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using static Conformance.V3.Messages;

namespace Conformance.V3;

/// <summary>Progress notifications of idle watches (v3-semantics §3.4).</summary>
internal static class ProgressScenarios
{
    public static IEnumerable<Scenario<GrpcSession>> All()
    {
        yield return new("progress/idle", Idle);
        yield return new("progress/other-keys-are-written", OtherKeys);
        yield return new("progress/only-who-asked", OnlyWhoAsked);
        yield return new("progress/future-revision", FutureRevision);
        yield return new("progress/next-revision", NextRevision);
        yield return new("progress/manual-and-future-revision", ManualAndFuture);
    }

    // Again and again, with the revision at which it is.
    private static async Task Idle(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Notified("k"));
        await watch.Read();
        await watch.Read();
        await s.Put("k", "1");
        await watch.Read();
        await watch.Read();
    }

    // The write falls right behind a notification: the next one names it.
    private static async Task OtherKeys(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Notified("k"));
        await watch.Read();
        await s.Put("other", "1");
        await watch.Read();
    }

    private static async Task OnlyWhoAsked(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("k"));
        await watch.Ask(Notified("k", id: 7));
        await watch.Read();
        await watch.Read();
        await watch.Ask(Cancel(7));
        await s.Put("k", "1");
        await watch.Read();
    }

    // Nothing is said of revisions before the one that was asked for: the other watch's notifications come meanwhile.
    private static async Task FutureRevision(GrpcSession s)
    {
        await using var future = s.OpenWatch();
        await using var present = s.OpenWatch();
        await future.Ask(Notified("k", from: s.Rev(3)));
        await present.Ask(Notified("k"));
        await present.Read();
        await present.Read();
        await present.Read();
        await s.Put("other", "1");
        await s.Put("other", "2");
        await s.Put("other", "3");
        await future.Read();
    }

    private static async Task NextRevision(GrpcSession s)
    {
        await using var next = s.OpenWatch();
        await using var present = s.OpenWatch();
        await next.Ask(Notified("k", from: s.Rev(1)));
        await present.Ask(Notified("k"));
        await present.Read();
        await present.Read();
        await present.Read();
        await s.Put("other", "1");
        await next.Read();
    }

    private static async Task ManualAndFuture(GrpcSession s)
    {
        await using var watch = s.OpenWatch();
        await watch.Ask(Watch("k"));
        await watch.Ask(Watch("k", from: s.Rev(2)));
        await watch.Send(Progress());
        await watch.Send(Progress());
        await watch.Send(Progress());
        await watch.Ask(Watch("l"));
        await s.Put("other", "1");
        await s.Put("other", "2");
        await watch.AskUntilAnswered(Progress());
    }

    private static WatchRequest Notified(string key, long id = 0, long from = 0) =>
        Create(new WatchCreateRequest { Key = B(key), ProgressNotify = true, WatchId = id, StartRevision = from });
}
