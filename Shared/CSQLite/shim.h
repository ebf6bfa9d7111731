/// SQLite's C interface, and the little of it that Swift cannot import: variadic functions, `SQLITE_TRANSIENT`, extended codes.
#ifndef NEXUS_CSQLITE_H
#define NEXUS_CSQLITE_H

#include <sqlite3.h>

/// Extended result codes, which are expressions and therefore not imported.
static const int NEXUS_SQLITE_CONSTRAINT_UNIQUE = SQLITE_CONSTRAINT_UNIQUE;
static const int NEXUS_SQLITE_CONSTRAINT_PRIMARYKEY = SQLITE_CONSTRAINT_PRIMARYKEY;
static const int NEXUS_SQLITE_CONSTRAINT_ROWID = SQLITE_CONSTRAINT_ROWID;
static const int NEXUS_SQLITE_CONSTRAINT_FOREIGNKEY = SQLITE_CONSTRAINT_FOREIGNKEY;
static const int NEXUS_SQLITE_IOERR_WRITE = SQLITE_IOERR_WRITE;
static const int NEXUS_SQLITE_IOERR_FSYNC = SQLITE_IOERR_FSYNC;
static const int NEXUS_SQLITE_IOERR_DIR_FSYNC = SQLITE_IOERR_DIR_FSYNC;
static const int NEXUS_SQLITE_IOERR_TRUNCATE = SQLITE_IOERR_TRUNCATE;
static const int NEXUS_SQLITE_IOERR_SHMSIZE = SQLITE_IOERR_SHMSIZE;
static const int NEXUS_SQLITE_IOERR_SHMMAP = SQLITE_IOERR_SHMMAP;

/// Turns off the process-wide allocation statistics, whose mutex every allocation of every connection would take.
/// Does nothing once SQLite has been initialised.
static inline int nexus_sqlite_configure(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

/// Forbids SQL that could corrupt the file (`SQLITE_DBCONFIG_DEFENSIVE`).
static inline int nexus_sqlite_defensive(sqlite3 *database) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}

/// Binds a copy of `bytes`, as UTF-8 text.
static inline int nexus_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_text64(statement, index, bytes, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/// Binds a copy of `bytes`.
static inline int nexus_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}

#endif
