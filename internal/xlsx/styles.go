package xlsx

// maxStyles is more than the 65,490 that spreadsheets allow.
const maxStyles = 1 << 16

// builtIn are the codes of the formats that have a number and no code. What is not here shows a number as it is.
var builtIn = map[int]string{
	1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%",
	14: "m/d/yy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm", 19: "h:mm:ss", 20: "h:mm", 21: "h:mm:ss", 22: "m/d/yy h:mm",
	27: "y/m/d", 28: "m/d", 29: "m/d", 30: "m/d/yy", 31: "y/m/d", 32: "h:mm", 33: "h:mm:ss", 34: "h:mm", 35: "h:mm:ss", 36: "y/m/d",
	37: "#,##0;-#,##0", 38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00",
	45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 50: "y/m/d", 51: "m/d", 52: "y/m", 53: "m/d", 54: "m/d", 55: "y/m", 56: "m/d", 57: "y/m/d", 58: "m/d",
}

// readStyles reads how numbers are shown. A workbook may have no styles.
func (w *Workbook) readStyles(part string) error {
	if w.parts[part] == nil {
		return nil
	}
	var sheet struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := w.unmarshal(part, &sheet); err != nil {
		return err
	}
	codes := map[int]string{}
	for _, f := range sheet.Formats {
		codes[f.ID] = f.Code
	}
	read := map[int]format{}
	for _, c := range sheet.Cells[:min(len(sheet.Cells), maxStyles)] {
		f, known := read[c.Format]
		if !known {
			code, own := codes[c.Format]
			if !own {
				code = builtIn[c.Format]
			}
			if code != "" {
				f = newFormat(code)
			}
			read[c.Format] = f
		}
		w.styles = append(w.styles, f)
	}
	return nil
}
