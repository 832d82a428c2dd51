using System.Net;
using System.Runtime.InteropServices;

namespace EndToEnd.Tests.ThirdParty;

/// <summary>A PostgreSQL server under Patroni, which keeps its leader key in the store.</summary>
/// <param name="name">Name in the cluster.</param>
/// <param name="store">Patroni's section for the store, "etcd" (v2) or "etcd3", and where it is.</param>
/// <param name="scope">The cluster.</param>
/// <param name="folder">A folder of its own.</param>
internal sealed class PatroniNode(string name, (string Section, Uri Endpoint) store, string scope, string folder) : IAsyncDisposable
{
    // The server refuses to run as root; Debian's package makes this user.
    private const string ServerUser = "postgres";

    // The shortest leader lease that Patroni's own documentation allows; everything else follows from it.
    private const int LeaderTtl = 20;
    private static readonly HttpClient s_http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly int[] _ports = Ports.Free(2);
    private ChildProcess? _process;

    public string Name => name;

    private string DataFolder => Path.Combine(folder, "data");

    public async Task StartAsync()
    {
        var file = Path.Combine(folder, "patroni.yml");
        await File.WriteAllTextAsync(file, $$"""
            scope: {{scope}}
            name: {{name}}
            restapi: { listen: "127.0.0.1:{{_ports[0]}}", connect_address: "127.0.0.1:{{_ports[0]}}" }
            {{store.Section}}: { host: "{{store.Endpoint.Authority}}" }
            bootstrap:
              dcs:
                ttl: {{LeaderTtl}}
                loop_wait: 1
                retry_timeout: 8
                postgresql: { use_pg_rewind: true, parameters: { shared_buffers: 16MB, fsync: "off" } }
              initdb: [ { encoding: UTF8 }, data-checksums ]
              pg_hba: [ "local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust" ]
            postgresql:
              listen: "127.0.0.1:{{_ports[1]}}"
              connect_address: "127.0.0.1:{{_ports[1]}}"
              data_dir: "{{DataFolder}}"
              bin_dir: "{{Toolbox.PostgresFolder}}"
              pgpass: "{{Path.Combine(folder, "pgpass")}}"
              authentication:
                superuser: { username: postgres, password: secret }
                replication: { username: replicator, password: secret }
              parameters: { unix_socket_directories: "{{folder}}" }
            """);
        if (!IsRoot)
        {
            _process = ChildProcess.Start(Toolbox.Patroni, [file]);
            return;
        }
        // Its user has to get through to its own folder.
        foreach (var command in (string[][])[["chmod", "o+x", Path.GetDirectoryName(folder)!], ["chown", "-R", ServerUser, folder]])
        {
            var done = await RunAsync(command[0], command[1..]);
            Assert.True(done.Code == 0, done.Err);
        }
        _process = ChildProcess.Start("runuser", ["-u", ServerUser, "--", Toolbox.Patroni, file]);
    }

    /// <summary>Until Patroni says that the server has this role: "primary" or "replica".</summary>
    public async Task BecomesAsync(string role, TimeSpan patience)
    {
        try
        {
            await Poll.UntilAsync($"{scope}/{name} to be {role}", patience, () => IsAsync(role));
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"{error.Message}:\n{_process!.Err}", error);
        }
    }

    /// <summary>Runs a statement on this server; returns what it printed.</summary>
    public async Task<string> SqlAsync(string statement)
    {
        var (code, output, errors) = await PsqlAsync(statement);
        Assert.True(code == 0, errors);
        return output.Trim();
    }

    /// <summary>Until a query gives this; a server that follows another may be started again meanwhile.</summary>
    public Task AnswersAsync(string query, string answer, TimeSpan patience) => Poll.UntilAsync($"{scope}/{name} to answer {answer} to {query}", patience, async () =>
    {
        var (code, output, _) = await PsqlAsync(query);
        return code == 0 && output.Trim() == answer;
    });

    /// <summary>SIGKILL to Patroni and to its server: nobody gives the leader key back.</summary>
    public async Task KillAsync()
    {
        // runuser passes on what can be passed on; this cannot.
        foreach (var child in await ChildrenAsync(_process!.Id))
            await RunAsync("kill", "-9", child);
        var server = (await File.ReadAllLinesAsync(Path.Combine(DataFolder, "postmaster.pid")))[0];
        await RunAsync("kill", "-9", server);
        await _process.WaitForExitAsync();
        await _process.DisposeAsync();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is null)
            return;
        // Patroni stops its server when it is told to stop.
        foreach (var child in await ChildrenAsync(_process.Id))
            await RunAsync("kill", "-15", child);
        if (!IsRoot)
            _process.Terminate();
        await _process.WaitForExitAsync(TimeSpan.FromSeconds(60));
        await _process.DisposeAsync();
    }

    private Task<(int Code, string Out, string Err)> PsqlAsync(string statement) => RunAsync(
        Path.Combine(Toolbox.PostgresFolder!, "psql"), "-h", "127.0.0.1", "-p", $"{_ports[1]}", "-U", "postgres", "-Atc", statement, "postgres");

    private static bool IsRoot => geteuid() == 0;

    private async Task<bool> IsAsync(string role)
    {
        if (_process!.HasExited)
            throw new InvalidOperationException(_process.Err);
        try
        {
            using var answer = await s_http.GetAsync(new Uri($"http://127.0.0.1:{_ports[0]}/{role}"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    // The processes that runuser started; Patroni itself where there is no runuser.
    private static async Task<string[]> ChildrenAsync(int parent) => IsRoot
        ? (await File.ReadAllTextAsync($"/proc/{parent}/task/{parent}/children")).Split(' ', StringSplitOptions.RemoveEmptyEntries)
        : [$"{parent}"];

    private static async Task<(int Code, string Out, string Err)> RunAsync(string program, params string[] arguments)
    {
        await using var process = ChildProcess.Start(program, arguments);
        process.Input.Close();
        var code = await process.WaitForExitAsync(TimeSpan.FromSeconds(30));
        return (code, process.Out, process.Err);
    }

#pragma warning disable SYSLIB1054, IDE1006 // One call of the C library; its own name.
    [DllImport("libc")]
    private static extern uint geteuid();
#pragma warning restore SYSLIB1054, IDE1006
}
