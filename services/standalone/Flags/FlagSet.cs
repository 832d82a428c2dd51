using System.Globalization;
using Hosting.Durations;

namespace Standalone.Flags;

/// <summary>The flags of one start, from the command line and the environment, all of them valid values.</summary>
/// <param name="given">Text by flag name.</param>
internal sealed class FlagSet(IReadOnlyDictionary<string, string> given)
{
    /// <summary>Where all of them come from, if it is a configuration file: then neither the command line nor the environment counts.</summary>
    public string? File { get; init; }

    public bool IsSet(string name) => given.ContainsKey(name);

    public string Text(string name) => given.GetValueOrDefault(name) ?? FlagTable.All[name].Default;

    public ulong UInt(string name) => ulong.Parse(Text(name), CultureInfo.InvariantCulture);

    public bool Bool(string name) => GoValue.TryBool(Text(name), out var value) && value;

    public TimeSpan Duration(string name) =>
        GoDuration.TryParse(Text(name), out TimeSpan value, out _) ? value : default;

    public IReadOnlyList<string> Urls(string name) => MemberUrls.Split(Text(name));

    /// <summary>The parts of a comma list, in their order; empty for an empty text.</summary>
    public IReadOnlyList<string> List(string name) => Text(name).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Flags that were given a value which this program does not act upon.</summary>
    public IEnumerable<Flag> WithoutEffect() =>
        FlagTable.All.Values
            .Where(flag => flag.Effect is null && given.TryGetValue(flag.Name, out var text) && !IsBehaviour(flag, text))
            .OrderBy(flag => flag.Name, StringComparer.Ordinal);

    private static bool IsBehaviour(Flag flag, string text) =>
        flag.Kind == FlagKind.Bool && GoValue.TryBool(text, out var value) ? value == (flag.Behaviour == "true") : text == flag.Behaviour;
}
