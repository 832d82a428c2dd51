using System.Collections.Concurrent;
using Linearizability.Keys;

namespace Chaos.Tests.Workload;

/// <summary>What one client does: its next request, given what came of the ones before.</summary>
public abstract class ClientScript
{
    public abstract KeyRequest Next();

    /// <summary>Told after each request; null when no answer came.</summary>
    public abstract void Learn(KeyRequest request, KeyAnswer? answer);
}

/// <summary>Everything on a few keys that all clients share, with values that nobody writes twice.</summary>
/// <param name="client">Makes the values unique.</param>
/// <param name="seed">Decides the choices.</param>
/// <param name="first">Number of the first key.</param>
/// <param name="keys">How many.</param>
/// <param name="seen">What some client last saw of each key, shared, so that conditions have a chance to hold.</param>
public sealed class MixedScript(int client, int seed, int first, int keys, ConcurrentDictionary<string, KeyRecord> seen) : ClientScript
{
    private readonly Random _random = new(seed);
    private int _number;

    public static string Key(int number) => $"mixed/{number}";

    public override KeyRequest Next()
    {
        var key = Key(first + _random.Next(keys));
        var value = $"{client}-{_number++}";
        var known = seen.TryGetValue(key, out var record) ? record : (KeyRecord?)null;
        return _random.Next(10) switch
        {
            0 => new(RequestKind.Delete, key),
            1 => new(RequestKind.Swap, key, value),
            2 => new(RequestKind.PutIfValue, key, value, known?.Value ?? "nothing"),
            3 or 4 => new(RequestKind.PutIfModRevision, key, value, null, known?.ModRevision ?? 0),
            5 or 6 => new(RequestKind.Put, key, value),
            _ => new(RequestKind.Get, key),
        };
    }

    public override void Learn(KeyRequest request, KeyAnswer? answer)
    {
        if (answer is not { } known)
            return;
        if (known.Wrote && request.Value is { } value)
            seen[request.Key] = new(value, 0, known.Revision, 0);
        else if (!known.Wrote && known.Before is { } before)
            seen[request.Key] = before;
        else
            seen.TryRemove(request.Key, out _);
    }
}

/// <summary>Puts 1, 2, 3, ... to a key of its own: the key's version tells how often each was applied.</summary>
public sealed class OwnCounterScript(string key) : ClientScript
{
    private long _number;

    public OwnCounterScript(int client)
        : this(Key(client))
    {
    }

    public static string Key(int client) => $"own/{client}";

    public override KeyRequest Next() => new(RequestKind.Put, key, $"{++_number}");

    public override void Learn(KeyRequest request, KeyAnswer? answer)
    {
    }
}

/// <summary>Adds one to a counter that others add to as well, by compare and swap.</summary>
public sealed class SharedCounterScript(int counter) : ClientScript
{
    private (long Number, long ModRevision)? _known;

    public static string Key(int counter) => $"shared/{counter}";

    public override KeyRequest Next() => _known is { } known
        ? new(RequestKind.PutIfModRevision, Key(counter), $"{known.Number + 1}", null, known.ModRevision)
        : new(RequestKind.Get, Key(counter));

    public override void Learn(KeyRequest request, KeyAnswer? answer) => _known = answer switch
    {
        null => null,
        { Wrote: true } wrote => (long.Parse(request.Value!), wrote.Revision),
        { Before: { } before } => (long.Parse(before.Value), before.ModRevision),
        _ => (0, 0),
    };
}

/// <summary>Reads one key again and again.</summary>
public sealed class ReadScript(string key) : ClientScript
{
    public override KeyRequest Next() => new(RequestKind.Get, key);

    public override void Learn(KeyRequest request, KeyAnswer? answer)
    {
    }
}
