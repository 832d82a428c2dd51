using System.Diagnostics.CodeAnalysis;

namespace Hosting.Sidecars;

/// <summary>The address of a process that is called by way of the sidecar: <c>dapr:app-id</c>. An app id stands for one process, as any other address does; it has no dots.</summary>
public static class AppAddress
{
    private const string Scheme = "dapr:";

    /// <summary>The app id of an address; false where it is another kind of address.</summary>
    public static bool TryParse(string address, [NotNullWhen(true)] out string? appId)
    {
        appId = address.StartsWith(Scheme, StringComparison.Ordinal) ? address[Scheme.Length..] : null;
        if (appId is { Length: > 0 } && char.IsAsciiLetterOrDigit(appId[0]) && appId.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            return true;
        appId = null;
        return false;
    }
}
