using Bench.Commands;

namespace Bench.Servers;

/// <summary>The two servers that are compared, as the command line names them.</summary>
internal static class ServerPrograms
{
    /// <summary><c>--etcd</c>, or etcd from the <c>PATH</c>.</summary>
    public static ServerProgram Etcd(Arguments arguments) => ServerProgram.At("etcd", arguments.Text("etcd") ?? "etcd");

    /// <summary><c>--ours</c>, or what the build of this repository made.</summary>
    public static ServerProgram Ours(Arguments arguments) => ServerProgram.At("ours", arguments.Text("ours") ?? FromThisRepository());

    /// <summary><c>--server</c>: both, or one of the two.</summary>
    public static ServerProgram[] Chosen(Arguments arguments)
    {
        var (etcd, ours) = (Etcd(arguments), Ours(arguments));
        return (arguments.Text("server") ?? "both") switch
        {
            "both" => [etcd, ours],
            "etcd" => [etcd],
            "ours" => [ours],
            var other => throw new BenchException($"--server {other}: both, ours or etcd"),
        };
    }

    private static string FromThisRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Distributed.sln")))
                return Path.Combine(folder.FullName, "artifacts", "bin", "Standalone", "release", "Standalone.dll");
        }
        throw new BenchException("the repository was not found above the program: name the server with --ours");
    }
}
