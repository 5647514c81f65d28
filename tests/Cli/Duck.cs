using System.Data.Common;
using DuckDB.NET.Data;

namespace Iscsitop.Tests.Cli;

/// <summary>DuckDB, in this process.</summary>
internal static class Duck
{
    /// <summary>What a query gives: by column, null for NULL.</summary>
    public static List<Dictionary<string, object?>> Rows(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        using DbDataReader reader = command.ExecuteReader();
        var rows = new List<Dictionary<string, object?>>();
        while (reader.Read()) rows.Add(Enumerable.Range(0, reader.FieldCount).ToDictionary(reader.GetName, i => reader.IsDBNull(i) ? null : reader.GetValue(i)));
        return rows;
    }

    /// <summary>A Parquet file as a table.</summary>
    public static string File(string path) => $"read_parquet('{path.Replace("'", "''", StringComparison.Ordinal)}')";
}
