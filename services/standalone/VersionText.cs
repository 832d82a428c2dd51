using System.Reflection;
using System.Runtime.InteropServices;

namespace Standalone;

/// <summary>The release of etcd whose API this is, and our own.</summary>
internal static class VersionText
{
    /// <summary>What tools parse and compare.</summary>
    public const string Etcd = "3.5.30";

    /// <summary>The cluster version: that of the oldest member that could be in it.</summary>
    public const string Cluster = "3.5.0";

    public static string Own { get; } =
        typeof(VersionText).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>Output of <c>--version</c>; tools look at the first line.</summary>
    public static string Lines { get; } =
        $"""
        etcd Version: {Etcd}
        Distributed Version: {Own}
        .NET Version: {Environment.Version}
        OS/Arch: {RuntimeInformation.RuntimeIdentifier}
        """;
}
