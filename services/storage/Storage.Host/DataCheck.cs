using System.Globalization;
using Storage.Core.Checks;
using Storage.Core.Mvcc;
using Storage.Core.State;
using Storage.Core.Tree;
using Storage.Host.Disk;

namespace Storage.Host;

/// <summary>The verb <c>check</c>: reads every page of a data file that no process has open, and tells what it consists of and what is wrong with it.</summary>
public static class DataCheck
{
    private const int Clean = 0;
    private const int Damaged = 1;
    private const int NotOpened = 2;

    /// <summary>Checks the data file of a directory. Changes nothing.</summary>
    /// <returns>0: it is sound. 1: it is damaged; each finding is a line. 2: it could not be looked at.</returns>
    public static int Run(string directory, TextWriter output, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        var path = Path.Combine(directory, StorageData.FileName);
        if (!File.Exists(path))
        {
            error.WriteLine($"no data file {path}");
            return NotOpened;
        }
        try
        {
            using var device = MmapPageDevice.Open(path);
            return Run(path, device, output);
        }
        catch (DataFileException exception)
        {
            (exception.IsDamage ? output : error).WriteLine($"{path}: {exception.Message}");
            return exception.IsDamage ? Damaged : NotOpened;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The system's own words say whether another process has it.
            error.WriteLine($"cannot open {path}: {exception.Message}");
            return NotOpened;
        }
    }

    private static int Run(string path, MmapPageDevice device, TextWriter output)
    {
        var report = TreeCheck.Examine(device, RevisionHeads.Check);
        Line(output, $"{path}: {device.Length} bytes, commit {report.Txn}");
        Line(output, $"pages: {report.Pages} ({report.UnusedPages} free, {report.FreeMapPages} of the free map)");
        WriteState(device, output);
        foreach (var table in report.Tables)
            Line(output, $"table {table.Table.Name}: {table.Rows} rows, {table.Pages} pages ({table.Branches} branches, {table.Leaves} leaves, {table.OverflowPages} overflow)");

        var damage = 0;
        foreach (var finding in report.Findings)
        {
            Line(output, $"{(finding.IsDamage ? "damage" : "note")}: {finding}");
            damage += finding.IsDamage ? 1 : 0;
        }
        if (report.Findings.Count == TreeReport.MaxFindings)
            Line(output, $"stopped counting at {TreeReport.MaxFindings} findings");
        if (damage == 0 && !CheckMapping(device, output))
            damage++;
        if (damage == 0)
            output.WriteLine("clean");
        else
            Line(output, $"damaged: {damage} findings");
        return damage == 0 ? Clean : Damaged;
    }

    // False when v2 keys that are v3 keys are not the same on both sides.
    private static bool CheckMapping(MmapPageDevice device, TextWriter output)
    {
        if (MappingCheck.Examine(device) is not { } mapping)
            return true;
        Line(output, $"mapping: {mapping.Files} v2 keys are the v3 keys below {mapping.Prefix}");
        if (mapping.Different is { } key)
            Line(output, $"damage: v3 key {key} is not the v2 key that it is to be");
        return mapping.Different is null;
    }

    private static void WriteState(MmapPageDevice device, TextWriter output)
    {
        try
        {
            if (DataSummary.Read(device) is { } state)
                Line(output, $"state: revision {state.Revision}, compacted {state.CompactRevision}, applied index {state.AppliedIndex} of term {state.AppliedTerm}, v2 index {state.V2Index}");
            else
                output.WriteLine("state: none yet");
        }
        catch (Exception exception) when (exception is PageCorruptException or InvalidDataException)
        {
            Line(output, $"state: cannot be read: {exception.Message}");
        }
    }

    private static void Line(TextWriter output, FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
