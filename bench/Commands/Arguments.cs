using System.Globalization;

namespace Bench.Commands;

/// <summary>A command line of <c>--name value</c>, <c>--name=value</c> and bare <c>--name</c>; a name that nobody asked for is an error.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = [];
    private readonly HashSet<string> _asked = [];

    public Arguments(IEnumerable<string> words)
    {
        string? open = null;
        foreach (var word in words)
        {
            if (!word.StartsWith("--", StringComparison.Ordinal))
            {
                _values[open ?? throw new BenchException($"unexpected '{word}'")] = word;
                open = null;
                continue;
            }
            var split = word.IndexOf('=', StringComparison.Ordinal);
            open = split < 0 ? word[2..] : null;
            _values[split < 0 ? word[2..] : word[2..split]] = split < 0 ? "" : word[(split + 1)..];
        }
    }

    public string? Text(string name)
    {
        _asked.Add(name);
        return _values.GetValueOrDefault(name);
    }

    /// <summary>Values separated by commas; none for an empty text.</summary>
    public string[] List(string name, string fallback) =>
        (Text(name) ?? fallback).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public bool Flag(string name) => Text(name) is "" or "true";

    public int Int(string name, int fallback) => Text(name) is { } text ? Parse<int>(name, text) : fallback;

    public double Number(string name, double fallback) => Text(name) is { } text ? Parse<double>(name, text) : fallback;

    /// <summary>Call once every name has been asked for.</summary>
    public void RequireAllKnown()
    {
        if (_values.Keys.FirstOrDefault(name => !_asked.Contains(name)) is { } unknown)
            throw new BenchException($"unknown option --{unknown}, try --help");
    }

    private static T Parse<T>(string name, string text)
        where T : IParsable<T> =>
        T.TryParse(text, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new BenchException($"--{name} {text}: not a number");
}
