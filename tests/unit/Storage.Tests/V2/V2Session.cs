using System.Globalization;
using System.Text;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.Reads;
using Storage.Tests.Harness;
using static Storage.Contracts.Commands.V2Write.Types;

namespace Storage.Tests.V2;

/// <summary>The v2 tree of one replica, spoken to in short.</summary>
internal sealed class V2Session
{
    public Replica Replica { get; init; } = new();

    /// <summary>Applies a write; answers "index json" or "index code cause".</summary>
    public string Write(
        Operation operation, string path, string value = "", string? expires = null, bool dir = false, string? prevValue = null, ulong prevIndex = 0,
        bool recursive = false, bool refresh = false, bool noValue = false)
    {
        var write = new V2Write
        {
            Operation = operation, Path = path, Value = ByteString.CopyFromUtf8(value), Dir = dir, PrevIndex = prevIndex, Recursive = recursive, Refresh = refresh,
            NoValueOnSuccess = noValue,
        };
        if (expires is not null)
            write.ExpiresAtUnixNanos = Nanos(expires);
        if (prevValue is not null)
            write.PrevValue = ByteString.CopyFromUtf8(prevValue);
        return Write(write);
    }

    public string Write(V2Write write)
    {
        LastResult = Replica.Do(write);
        return Show(LastResult.Error, LastResult.Revision, LastResult.Detail, LastResult.Body);
    }

    public CommandResult LastResult { get; private set; }

    public string Get(string path, bool recursive = false)
    {
        var result = StateReads.V2(Replica.State, path, recursive, Replica.NowUnixNanos);
        return Show(result.Error, result.Revision, result.Detail, result.Body);
    }

    public string Expire(string now)
    {
        Replica.NowUnixNanos = Nanos(now);
        return $"{Replica.Do(new V2Expire { NowUnixNanos = Nanos(now) }).Revision}";
    }

    /// <summary>An event as a watcher gets it.</summary>
    public string Event(long index) => Encoding.UTF8.GetString(
        Core.V2.V2History.Read(Replica.State, "/", Core.V2.V2History.Scope.Everything, index, index + 1, 1).Revisions.Single().Events.Single().Event.Span);

    public void At(string now) => Replica.NowUnixNanos = Nanos(now);

    /// <summary>RFC 3339 with nine fractional digits or none.</summary>
    public static long Nanos(string time)
    {
        var parts = time.TrimEnd('Z').Split('.');
        var seconds = DateTimeOffset.Parse(parts[0] + "Z", CultureInfo.InvariantCulture).ToUnixTimeSeconds();
        return (seconds * Harness.Replica.Second) + (parts.Length == 1 ? 0 : long.Parse(parts[1].PadRight(9, '0'), CultureInfo.InvariantCulture));
    }

    private static string Show(StorageError error, long index, int detail, ReadOnlyMemory<byte> body)
    {
        var text = Encoding.UTF8.GetString(body.Span);
        return error switch
        {
            StorageError.None => $"{index} {text}",
            StorageError.V2 => $"{index} {detail} {text}".TrimEnd(),
            _ => error.ToString(),
        };
    }
}
