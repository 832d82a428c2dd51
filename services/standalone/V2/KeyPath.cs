namespace Standalone.V2;

/// <summary>Paths of v2 keys.</summary>
internal static class KeyPath
{
    /// <summary>With a slash in front and none at the end; "" for the root.</summary>
    public static string Clean(string path) => string.Concat(path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(static part => "/" + part));

    /// <summary>As it goes into a URL.</summary>
    /// <param name="path">As <see cref="Clean"/> makes it.</param>
    public static string Escaped(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
}
