using System.Text.Json;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.Reads;
using Storage.Core.V2;
using Storage.Tests.Harness;
using Storage.Tests.V2;

namespace Storage.Tests.Mapping;

/// <summary>One replica whose v2 keys are v3 keys, seen from both sides.</summary>
internal sealed class MappedStore
{
    public const string Prefix = "/v2";

    public MappedStore(Replica? replica = null, string? prefix = Prefix)
    {
        Replica = replica ?? new Replica();
        V2 = new V2Session { Replica = Replica };
        if (prefix is not null)
            Assert.Equal(StorageError.None, Map(prefix).Error);
    }

    public Replica Replica { get; }
    public V2Session V2 { get; }

    public CommandResult Map(string prefix) => Replica.Do(new MapV2 { Prefix = prefix });

    /// <summary>What v2 lists: the value of each file by its path, null for a directory.</summary>
    public SortedDictionary<string, string?> Listed()
    {
        var found = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        var read = StateReads.V2(Replica.State, "/", recursive: true, Replica.NowUnixNanos);
        using var json = JsonDocument.Parse(read.Body);
        Add(found, json.RootElement.GetProperty("node"));
        return found;
    }

    /// <summary>The files of it.</summary>
    public Dictionary<string, string> Files() => Listed().Where(static pair => pair.Value is not null).ToDictionary(static pair => pair.Key, static pair => pair.Value!);

    /// <summary>Values of the v3 keys below the prefix, by what follows it.</summary>
    public Dictionary<string, string> Keys() => Replica.Range(Requests.Range(Prefix + "/", Prefix + "0")).Kvs
        .ToDictionary(static row => row.Key.ToStringUtf8()[Prefix.Length..], static row => row.Value.ToStringUtf8());

    /// <summary>Both sides hold the same.</summary>
    public void RequireAlike() => Assert.Equal(Files().OrderBy(static pair => pair.Key, StringComparer.Ordinal), Keys().OrderBy(static pair => pair.Key, StringComparer.Ordinal));

    /// <summary>Actions and paths of the events from an index on, as "delete /a".</summary>
    public List<string> Events(long from) => [.. V2History.Read(Replica.State, "/", V2History.Scope.Subtree, from, long.MaxValue, int.MaxValue).Revisions
        .SelectMany(static revision => revision.Events).Select(static fed =>
        {
            using var json = JsonDocument.Parse(fed.Event);
            return $"{json.RootElement.GetProperty("action").GetString()} {json.RootElement.GetProperty("node").GetProperty("key").GetString()}";
        })];

    private static void Add(SortedDictionary<string, string?> found, JsonElement node)
    {
        if (node.TryGetProperty("key", out var key))
            found[key.GetString()!] = node.TryGetProperty("dir", out _) ? null : node.GetProperty("value").GetString();
        if (!node.TryGetProperty("nodes", out var nodes))
            return;
        foreach (var child in nodes.EnumerateArray())
            Add(found, child);
    }
}
