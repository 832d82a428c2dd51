using System.Globalization;

namespace EndToEnd.Tests.Limits;

/// <summary>What a server says of its own memory.</summary>
internal static class ServerMemory
{
    /// <summary>Resident, in bytes.</summary>
    public static async Task<double> ReadAsync(Uri server)
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri(server, "metrics"));
        var line = text.Split('\n').Single(static line => line.StartsWith("process_resident_memory_bytes ", StringComparison.Ordinal));
        return double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
