using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace EndToEnd.Tests.Feed;

/// <summary>
/// A RabbitMQ server of the test's own, on loopback, with its own data, node name, cookie and epmd, in clear and over TLS. It may be killed, frozen, and started again on its data.
/// </summary>
public sealed class RabbitMqServer : IAsyncLifetime, IAsyncDisposable
{
    private const int MaxMessageBytes = 512 * 1024;
    private static readonly TimeSpan s_startDeadline = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();
    private readonly int[] _ports = Ports.Free(4);
    private string _password = NewPassword();
    private string _caFile = "";
    private ChildProcess? _epmd;
    private ChildProcess? _server;

    public int Port => _ports[0];

    public int TlsPort => _ports[3];

    /// <summary>The authority of its certificate, which holds for localhost.</summary>
    public string CaFile => _caFile;

    public BrokerAccount Account => new(new Uri($"rabbitmq://127.0.0.1:{Port}/"), "guest", "guest");

    /// <summary>Another user than the one that every RabbitMQ has.</summary>
    public BrokerAccount Feeder => Account with { User = "feeder", Password = _password };

    private string Definitions => _folder.Sub("definitions.json");

    public ChildProcess Process => _server ?? throw new InvalidOperationException("the broker was not started");

    /// <summary>Starts (again) on the same data and waits until it takes connections.</summary>
    public async Task StartAsync()
    {
        // Ours, in the foreground: one that the server starts by itself outlives it.
        _epmd ??= ChildProcess.Start(Toolbox.Epmd, ["-address", "127.0.0.1", "-port", Text(_ports[2])]);
        await ConfigureAsync();
        await File.WriteAllTextAsync(_folder.Sub("enabled_plugins"), "[].\n");
        await File.WriteAllTextAsync(_folder.Sub("env.conf"), "");
        _server = ChildProcess.Start(Toolbox.RabbitMq, [], new Dictionary<string, string?>
        {
            ["HOME"] = _folder.Path,
            ["RABBITMQ_CONF_ENV_FILE"] = _folder.Sub("env.conf"),
            ["RABBITMQ_CONFIG_FILE"] = _folder.Sub("rabbitmq.conf"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = _folder.Sub("enabled_plugins"),
            ["RABBITMQ_NODENAME"] = $"feed{Port}@localhost",
            ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODE_PORT"] = Text(Port),
            ["RABBITMQ_DIST_PORT"] = Text(_ports[1]),
            ["RABBITMQ_MNESIA_BASE"] = _folder.Sub("mnesia"),
            ["RABBITMQ_LOG_BASE"] = _folder.Sub("log"),
            ["RABBITMQ_PID_FILE"] = _folder.Sub("pid"),
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
            // The script becomes the server instead of waiting for it: one process, one id.
            ["RABBITMQ_ALLOW_INPUT"] = "true",
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["ERL_EPMD_PORT"] = Text(_ports[2]),
        }, _folder.Path);
        await Poll.UntilAsync("RabbitMQ to take connections", s_startDeadline, () =>
        {
            Assert.False(Process.HasExited, $"RabbitMQ ended:\n{Process.Out}\n{Process.Err}");
            return Task.FromResult(Process.Out.Contains("Server startup complete", StringComparison.Ordinal));
        });
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        Process.Kill();
        await Process.WaitForExitAsync();
        await Process.DisposeAsync();
        _server = null;
    }

    /// <summary>Ends it, and starts it with another password of <see cref="Feeder"/>.</summary>
    public async Task ChangePasswordAsync()
    {
        await KillAsync();
        _password = NewPassword();
        await DefineAsync();
        await StartAsync();
    }

    // Where there is no broker its tests are skipped by name.
    public Task InitializeAsync() => Toolbox.WhyMissing(Tool.RabbitMq) is null || Toolbox.IsCi ? StartAsync() : Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await KillAsync();
        if (_epmd is not null)
            await _epmd.DisposeAsync();
        _folder.Dispose();
    }

    private async Task ConfigureAsync()
    {
        if (_caFile.Length > 0)
            return;
        using var authority = new TestAuthority(_folder.Path);
        var certificate = authority.Issue("broker", "broker", ["localhost"]);
        _caFile = authority.CaFile;
        await DefineAsync();
        await File.WriteAllTextAsync(_folder.Sub("rabbitmq.conf"), $"""
            listeners.tcp.1 = 127.0.0.1:{Port}
            listeners.ssl.1 = 127.0.0.1:{TlsPort}
            ssl_options.cacertfile = {authority.CaFile}
            ssl_options.certfile = {certificate.CertFile}
            ssl_options.keyfile = {certificate.KeyFile}
            load_definitions = {Definitions}
            log.console = true
            log.console.level = info
            max_message_size = {MaxMessageBytes}

            """);
    }

    /// <summary>Virtual host and users, which each start takes over.</summary>
    private Task DefineAsync()
    {
        object[] accounts = [.. new[] { Account, Feeder }.Select(static account => new
        {
            name = account.User,
            password_hash = Hash(account.Password),
            hashing_algorithm = "rabbit_password_hashing_sha256",
            tags = "administrator",
        })];
        object[] permissions = [.. new[] { Account, Feeder }.Select(static account => new { user = account.User, vhost = "/", configure = ".*", write = ".*", read = ".*" })];
        return File.WriteAllTextAsync(Definitions, JsonSerializer.Serialize(new { vhosts = new[] { new { name = "/" } }, users = accounts, permissions }));
    }

    /// <summary>As RabbitMQ keeps passwords: four random bytes, and SHA-256 of them and the password.</summary>
    private static string Hash(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(4);
        return Convert.ToBase64String([.. salt, .. SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(password)])]);
    }

    private static string NewPassword() => Guid.NewGuid().ToString("n");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
