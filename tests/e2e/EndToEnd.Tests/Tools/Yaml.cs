using YamlDotNet.RepresentationModel;

namespace EndToEnd.Tests.Tools;

/// <summary>YAML as a tree, for files whose shape others define.</summary>
internal static class Yaml
{
    /// <summary>The documents of a file.</summary>
    public static IReadOnlyList<YamlNode> Load(string path)
    {
        var stream = new YamlStream();
        using var text = File.OpenText(path);
        stream.Load(text);
        return [.. stream.Documents.Select(static document => document.RootNode)];
    }

    /// <summary>The value of a key, or null.</summary>
    public static YamlNode? Get(this YamlNode? node, string key) =>
        node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;

    /// <summary>The value at the end of a path of keys, or null.</summary>
    public static YamlNode? At(this YamlNode? node, params string[] path) => path.Aggregate(node, static (at, key) => at.Get(key));

    /// <summary>A scalar's text, or null.</summary>
    public static string? Text(this YamlNode? node) => (node as YamlScalarNode)?.Value;

    /// <summary>The elements of a list; none where there is no list.</summary>
    public static IReadOnlyList<YamlNode> Items(this YamlNode? node) => node is YamlSequenceNode list ? [.. list.Children] : [];

    /// <summary>Keys and values of a mapping; none where there is none.</summary>
    public static IReadOnlyList<(string Key, YamlNode Value)> Pairs(this YamlNode? node) =>
        node is YamlMappingNode map ? [.. map.Children.Select(static pair => (pair.Key.Text() ?? "", pair.Value))] : [];
}
