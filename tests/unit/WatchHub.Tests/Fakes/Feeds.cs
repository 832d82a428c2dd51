using System.Text;
using Consensus.Contracts;
using EtcdApi.Mvccpb;
using Google.Protobuf;
using Storage.Contracts;
using WatchHub.Contracts;

namespace WatchHub.Tests.Fakes;

/// <summary>Short ways to make feed events and watch specifications, and to read messages back.</summary>
internal static class Feeds
{
    public static readonly Term Term = new(3);

    public static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static FeedEvent Put(string key, long revision, string value = "v", string? previous = null)
    {
        var one = new Event { Kv = new KeyValue { Key = ByteString.CopyFromUtf8(key), ModRevision = revision, Value = ByteString.CopyFromUtf8(value) } };
        return With(key, one, previous, FeedEventKind.Put);
    }

    public static FeedEvent Delete(string key, long revision, string? previous = null)
    {
        var one = new Event
        {
            Type = Event.Types.EventType.Delete,
            Kv = new KeyValue { Key = ByteString.CopyFromUtf8(key), ModRevision = revision },
        };
        return With(key, one, previous, FeedEventKind.Delete);
    }

    public static FeedEvent V2(string path, long index, FeedEventKind kind = FeedEventKind.Put)
    {
        var json = Bytes($"{index}:{path}");
        return new FeedEvent(Bytes(path), json, json, kind);
    }

    /// <summary>A directory that was removed with what is named, which is below it.</summary>
    public static FeedEvent V2Removed(string path, long index, params string[] with) =>
        V2(path, index, FeedEventKind.Delete | FeedEventKind.Directory) with { Removed = RemovedPaths.Of([.. with.Select(Encoding.UTF8.GetBytes)]) };

    public static RevisionEvents Revision(long revision, params FeedEvent[] events) => new(revision, events, default);

    public static WatchSpec Watch(
        long id, string key, string rangeEnd = "", long start = 0, long min = 0, bool previous = false, bool noPut = false,
        bool noDelete = false, bool progress = false, bool fragment = false, KeySpace space = KeySpace.V3) =>
        new(id, space, Bytes(key), Bytes(rangeEnd), start, min, previous, noPut, noDelete, progress, fragment);

    /// <summary>"revision:key" of each event in a message.</summary>
    public static List<string> Read(WatchMessage message) =>
        [.. Events(message).Select(static one => $"{one.Kv.ModRevision}:{one.Kv.Key.ToStringUtf8()}")];

    public static IEnumerable<Event> Events(WatchMessage message) =>
        EtcdApi.Etcdserverpb.WatchResponse.Parser.ParseFrom(message.Events.Span).Events;

    private static FeedEvent With(string key, Event one, string? previous, FeedEventKind kind)
    {
        ReadOnlyMemory<byte> without = one.ToByteArray();
        if (previous is null)
            return new FeedEvent(Bytes(key), without, without, kind);
        one.PrevKv = new KeyValue { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(previous) };
        return new FeedEvent(Bytes(key), without, one.ToByteArray(), kind);
    }
}
