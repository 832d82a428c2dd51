using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;

namespace EndToEnd.Tests.Settings;

/// <summary>Goal: no secret is in any log, however much is logged. Method: passwords, right and wrong, given in every way there is, headers of telemetry; then all lines of all processes are searched.</summary>
public abstract class SecretBehaviour : IAsyncLifetime
{
    private const string Password = "hush-3f9c1-password", WrongPassword = "hush-77a2e-wrong", V2Password = "hush-b04d5-v2", HeaderValue = "hush-5cc18-header";

    protected abstract ProcessDeployment Deployment { get; }

    public Task InitializeAsync()
    {
        Deployment.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9";
        Deployment.Environment["OTEL_EXPORTER_OTLP_HEADERS"] = $"api-key={HeaderValue}";
        Deployment.Environment["OTEL_BSP_SCHEDULE_DELAY"] = "100";
        return Deployment.StartAsync();
    }

    public async Task DisposeAsync() => await Deployment.DisposeAsync();

    [DeploymentFact]
    public async Task Secrets_AreInNoLogLine()
    {
        using var http = new HttpClient { BaseAddress = Deployment.Client };
        await PostAsync(http, "v3/auth/user/add", new { name = "root", password = Password });
        await PostAsync(http, "v3/auth/role/add", new { name = "root" });
        await PostAsync(http, "v3/auth/user/grant", new { user = "root", role = "root" });
        await PostAsync(http, "v3/auth/enable", new { });
        using (var refused = await http.PostAsJsonAsync("v3/auth/authenticate", new { name = "root", password = WrongPassword }))
            Assert.False(refused.IsSuccessStatusCode);
        var token = (await PostAsync(http, "v3/auth/authenticate", new { name = "root", password = Password })).Split("\"token\":\"")[1].Split('"')[0];
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", token);
        await PostAsync(http, "v3/kv/put", new { key = "YQ==", value = "YQ==" });
        http.DefaultRequestHeaders.Authorization = null;

        using (var added = await http.PutAsJsonAsync("v2/auth/users/root", new { user = "root", password = V2Password }))
            Assert.True(added.IsSuccessStatusCode);
        using (var enabled = await http.PutAsync("v2/auth/enable", null))
            Assert.True(enabled.IsSuccessStatusCode);
        http.DefaultRequestHeaders.Authorization = Basic(WrongPassword);
        using (var refused = await http.PutAsync("v2/keys/a", new FormUrlEncodedContent([new("value", "x")])))
            Assert.False(refused.IsSuccessStatusCode);
        http.DefaultRequestHeaders.Authorization = Basic(V2Password);
        using (var written = await http.PutAsync("v2/keys/a", new FormUrlEncodedContent([new("value", "x")])))
            Assert.True(written.IsSuccessStatusCode);

        // To the end: what is said while stopping counts, too.
        await Deployment.StopForGoodAsync();
        Assert.Contains("\"level\":\"debug\"", Deployment.Log, StringComparison.Ordinal);
        foreach (var secret in (string[])[Password, WrongPassword, V2Password, HeaderValue, Basic(WrongPassword).Parameter!, Basic(V2Password).Parameter!, token])
            Assert.DoesNotContain(secret, Deployment.Log, StringComparison.Ordinal);
    }

    private static async Task<string> PostAsync(HttpClient http, string path, object body)
    {
        using var response = await http.PostAsJsonAsync(path, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {text}");
        return text;
    }

    private static AuthenticationHeaderValue Basic(string password) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("root:" + password)));
}

public sealed class StandaloneSecretTests : SecretBehaviour
{
    protected override ProcessDeployment Deployment { get; } = new StandaloneDeployment { Flags = { "--log-level", "debug" } };
}

public sealed class FiveProcessesSecretTests : SecretBehaviour
{
    protected override ProcessDeployment Deployment { get; } = new FiveProcessesDeployment { Environment = { ["LogLevel"] = "debug" } };
}
